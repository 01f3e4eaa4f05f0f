package rules

import _ "embed"

// Schema is the JSON Schema of a rule file, for editors: completion, and the
// comments of document.go on hover. It is made from the types that the loader
// fills, and a test compares it with the loader. See adr/0029.
//
//go:generate go test -run ^(TestTheSchemaFollowsTheTypes|TestTheLibraryPageListsTheConventions)$ -update .
//go:embed schema.json
var Schema []byte
