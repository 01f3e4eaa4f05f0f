package agents

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/sources"
)

// maxRuleText is the length of the longest rule text that is taken, in bytes.
const maxRuleText = 32 << 10

// RuleInput is a rule file as it would be.
type RuleInput struct {
	File string `json:"file,omitempty" jsonschema:"name of the file within the rules folder, as red.yml; empty: check the rules in force"`
	Text string `json:"text,omitempty" jsonschema:"the whole text that the file would have, YAML"`
}

// PatchInput is a rule file as it should be.
type PatchInput struct {
	File string `json:"file" jsonschema:"name of the file within the rules folder, as red.yml; it may be new"`
	Text string `json:"text" jsonschema:"the whole text that the file should have, YAML"`
}

// Patch is a proposal for a rule file. Nothing of it is written.
type Patch struct {
	File  string  `json:"file"`
	Patch string  `json:"patch"`
	Valid bool    `json:"valid"` // all rules load with it
	Check Checked `json:"check"`
	Next  string  `json:"next"`
}

func (t *toolbox) ruleCheck(ctx context.Context, in RuleInput) (any, error) {
	files, err := t.Rules()
	if err != nil {
		return nil, err
	}
	if in.File != "" || in.Text != "" {
		if files, _, err = replaced(files, in.File, in.Text); err != nil {
			return nil, err
		}
	}
	return t.Check(ctx, files)
}

func (t *toolbox) proposeRulePatch(ctx context.Context, in PatchInput) (any, error) {
	files, err := t.Rules()
	if err != nil {
		return nil, err
	}
	changed, old, err := replaced(files, in.File, in.Text)
	if err != nil {
		return nil, err
	}
	found, err := t.Check(ctx, changed)
	if err != nil {
		return nil, err
	}
	p := Patch{File: in.File, Check: found, Valid: len(found.Diagnostics) == 0, Next: "a person applies it in the rules folder, with `patch` or in a pull request, and runs `pushback rules check`"}
	from := "a/" + in.File
	if old == nil {
		from = "/dev/null"
	}
	p.Patch = string(diff.Diff(from, old, "b/"+in.File, []byte(in.Text)))
	if i := strings.IndexByte(p.Patch, '\n'); i > 0 && strings.HasPrefix(p.Patch, "diff ") {
		p.Patch = p.Patch[i+1:] // patch(1) and git apply read from --- on
	}
	return p, nil
}

// replaced are files of which one has another text, and the text that it has now; nil if it is new.
func replaced(files fs.FS, name, text string) (changed fs.FS, old []byte, err error) {
	switch {
	case len(text) > maxRuleText:
		return nil, nil, fmt.Errorf("text has %d bytes; a rule file has at most %d here", len(text), maxRuleText)
	case !fs.ValidPath(name) || name == "." || len(name) > maxName || sources.OneLine(name, maxName) != name:
		return nil, nil, errors.New("file is no name within the rules folder, as red.yml or team/red.yml")
	case path.Ext(name) != ".yml" && path.Ext(name) != ".yaml":
		return nil, nil, errors.New("file must end in .yml or .yaml: no other file is a rule")
	}
	if _, err := fs.ReadDir(files, path.Dir(name)); err != nil {
		return nil, nil, errors.New("file is in a folder that does not exist within the rules folder")
	}
	old, err = strictyaml.ReadFile(files, name)
	if errors.Is(err, fs.ErrNotExist) {
		old, err = nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return overlay{files, name, []byte(text)}, old, nil
}

// RollbackInput is a wish.
type RollbackInput struct {
	Change string `json:"change" jsonschema:"key of the change, or its first six characters or more"`
	Why    string `json:"why" jsonschema:"the reason, in one line, for the person who decides"`
}

func (t *toolbox) proposeRollback(ctx context.Context, in RollbackInput) (any, error) {
	if in.Change == "" || in.Why == "" {
		return nil, errors.New("change and why must not be empty")
	}
	var p api.Proposal
	err := t.Ask(ctx, http.MethodPost, "/v1/changes/"+url.PathEscape(in.Change)+"/propose", api.NewProposal{Actor: Actor, Why: in.Why}, &p)
	return p, err
}
