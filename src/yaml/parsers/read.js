// Reads a JSON text with a YAML document from every line, and prints what the package named by the argument
// (`js-yaml` or `yaml`) makes of it as JSON.
const { load, parse = load } = require(process.argv[2]);

for (const line of require('fs').readFileSync(0, 'utf8').trimEnd().split('\n')) {
  let value;
  try {
    value = parse(JSON.parse(line));
  } catch (error) {
    value = `error: ${error.message}`;
  }
  console.log(JSON.stringify(value ?? null));
}
