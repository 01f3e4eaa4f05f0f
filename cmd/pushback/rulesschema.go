package main

import "github.com/pushback/pushback/rules"

// rulesSchemaCommand prints the JSON Schema of a rule file.
type rulesSchemaCommand struct{}

// Help shows how an editor uses the schema.
func (rulesSchemaCommand) Help() string {
	return `With the schema, an editor completes and explains the keys of a rule file, and
marks most mistakes. The daemon serves it at /schema/rules.json.

Editors that use yaml-language-server read this first line of a rule file:

  # yaml-language-server: $schema=rules.schema.json

Example:

  pushback rules schema > rules/rules.schema.json`
}

// Run prints the schema.
func (rulesSchemaCommand) Run(out terminal) error {
	_, err := out.Write(rules.Schema)
	return err
}
