package main

import "github.com/pushback/pushback/rules"

// rulesSchemaCommand prints the JSON Schema of a rule file.
type rulesSchemaCommand struct{}

// Help shows how an editor comes to know it.
func (rulesSchemaCommand) Help() string {
	return `With it, an editor completes and explains the keys of a rule file, and marks most
mistakes. The daemon serves the same at /schema/rules.json.

The first line of a rule file, for editors that use yaml-language-server:

  # yaml-language-server: $schema=rules.schema.json

Example:

  pushback rules schema > rules/rules.schema.json`
}

// Run prints it.
func (rulesSchemaCommand) Run(out terminal) error {
	_, err := out.Write(rules.Schema)
	return err
}
