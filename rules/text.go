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

// textOf is a document of one rule, which Parse reads back. It is written
// anew instead of cut from the file: aliases may reach anywhere in it.
func textOf(team string, w written) string {
	text, err := yaml.Dump(document{Team: team, Rules: []written{w}}, yaml.WithLineWidth(-1))
	if err != nil {
		// Only a type that cannot be written could fail, and every one is ours.
		panic("rules: writing a rule: " + err.Error())
	}
	return string(text)
}

// hashOf covers what judges: trust is earned by a way of judging, and is lost
// when that changes. Who is told, where the rule stands, and what the store
// speaks do not count.
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

// complaintOf takes a decoding error apart again.
func complaintOf(err error) *complaint {
	var invalid *strictyaml.ValueError
	if !errors.As(err, &invalid) {
		return &complaint{strictyaml.BadValue, err.Error(), ""}
	}
	code := invalid.Code
	if code == "" {
		code = strictyaml.BadValue
	}
	return &complaint{code, invalid.Message, invalid.Hint}
}
