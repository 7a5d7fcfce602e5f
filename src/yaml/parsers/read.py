"""Reads a JSON text with a YAML document from every line, and prints what PyYAML makes of it as JSON."""
import json
import sys

import yaml

for line in sys.stdin:
    try:
        print(json.dumps(yaml.safe_load(json.loads(line))))
    except Exception as error:
        print(json.dumps("error: %s" % error))
