package rules

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"

	"go.yaml.in/yaml/v4"

	"github.com/pushback/pushback/internal/strictyaml"
)

// textOf is a document of one rule, which Parse reads back. It is written from the
// decoded rule and not cut out of the file, where aliases may refer to any place.
func textOf(team string, w written) string {
	text, err := yaml.Dump(document{Team: team, Rules: []written{w}}, yaml.WithLineWidth(-1))
	if err != nil {
		// Only a type that cannot be written fails, and the types are those of document.go.
		panic("rules: writing a rule: " + err.Error())
	}
	return string(text)
}

// hashOf covers what judges, because a rule earns trust by the way it judges and
// loses it when that changes. It leaves out who is notified, where the rule is
// written and the language of its metric store. The JSON has the names of Go
// fields: renaming one would change every hash.
func hashOf(r Rule) string {
	r.Team, r.File, r.Line, r.Text, r.Hash, r.Language, r.Respond = "", "", 0, "", "", nil, nil
	r.Runbook, r.Quiet, r.Policies = "", "", nil
	b, err := json.Marshal(r)
	if err != nil {
		panic("rules: hashing a rule: " + err.Error())
	}
	// The language was text when the first hashes were stored. It stays empty
	// text in what is hashed, because another hash would lose the earned trust.
	b = bytes.Replace(b, []byte(`"Language":null`), []byte(`"Language":""`), 1)
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// problemOf is a decoding error as a problem.
func problemOf(err error) *problem {
	var invalid *strictyaml.ValueError
	if !errors.As(err, &invalid) {
		return &problem{strictyaml.BadValue, err.Error(), ""}
	}
	code := invalid.Code
	if code == "" {
		code = strictyaml.BadValue
	}
	return &problem{code, invalid.Message, invalid.Hint}
}
