// Reads a JSON text with a YAML document from every line, and prints what the parser named by the argument makes of
// it as JSON: kubectl's (sigs.k8s.io/yaml) or the one that kyaml reads with a fork of (gopkg.in/yaml.v3).
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	v3 "gopkg.in/yaml.v3"
	sigs "sigs.k8s.io/yaml"
)

func read(text string) ([]byte, error) {
	if os.Args[1] == "sigs.k8s.io/yaml" {
		return sigs.YAMLToJSONStrict([]byte(text))
	}
	// A key that is no text has no place in such a map, and is an error.
	var value interface{}
	if err := v3.Unmarshal([]byte(text), &value); err != nil {
		return nil, err
	}
	return json.Marshal(value)
}

func main() {
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var text string
		if err := json.Unmarshal(line, &text); err != nil {
			panic(err)
		}
		read, err := read(text)
		if err != nil {
			read, _ = json.Marshal("error: " + err.Error())
		}
		fmt.Println(string(read))
	}
}
