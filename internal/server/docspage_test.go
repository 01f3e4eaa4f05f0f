package server

import (
	"encoding/json"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/pushback/pushback/dashboards/web"
)

// document is the OpenAPI document of a server that has every operation.
func document(t *testing.T) *huma.OpenAPI {
	t.Helper()
	p := listen(t, func(o *Options) {
		o.Freezer, o.Details, o.Rules = newFreezer(t), oneDetail{}, oneRule{}
	})
	h := humago.New(http.NewServeMux(), p.server.humaConfig())
	s := p.server
	for _, add := range []func(huma.API){
		s.statusOperations, s.sourceOperations, s.changeOperations, s.watchedOperations, s.orderOperations, s.ruleOperations, s.ruleDetailOperations, s.gateOperations,
		s.verdictOperations, s.flaggerOperations, s.proposalOperations, s.incidentOperations, s.freezeOperations, s.auditOperations,
	} {
		add(h)
	}
	describeIntake(h.OpenAPI())
	return h.OpenAPI()
}

// Every example is valid by its schema, and every request of a command is one that a shell takes as it is meant.
func TestExamplesAreValid(t *testing.T) {
	o := document(t)
	check := func(where string, schema *huma.Schema, mode huma.ValidateMode, text string) {
		t.Helper()
		var value any
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			t.Errorf("%s: %v in %s", where, err, text)
			return
		}
		found := &huma.ValidateResult{}
		huma.Validate(o.Components.Schemas, schema, huma.NewPathBuffer(nil, 0), mode, value, found)
		for _, err := range found.Errors {
			t.Errorf("%s: %v in %s", where, err, text)
		}
	}
	checked := 0
	for path, item := range o.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post} {
			if op == nil {
				continue
			}
			v := schemaReader{o}.operation(op)
			if op.RequestBody != nil {
				if schema := op.RequestBody.Content["application/json"].Schema; schema.Ref != "" {
					check(op.Method+" "+path, schema, huma.ModeWriteToServer, v.Request.Example)
					check(op.Method+" "+path+" by curl", schema, huma.ModeWriteToServer, bodyOfCommand(t, v.Curl))
					checked++
				}
			}
			for _, a := range v.Answers {
				if a.Example != "" {
					check(op.Method+" "+path+" "+a.Status, op.Responses[a.Status].Content[a.Type].Schema, huma.ModeReadFromServer, a.Example)
					checked++
				}
			}
		}
	}
	if checked < 80 {
		t.Errorf("only %d examples", checked)
	}
}

// bodyOfCommand runs a command in a shell in which curl prints what it would send.
func bodyOfCommand(t *testing.T, command string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "sh", "-c", `curl() { while [ $# -gt 0 ]; do [ "$1" = -d ] && printf %s "$2"; shift; done; }; PUSHBACK=x TOKEN=y; `+command).Output()
	if err != nil {
		t.Errorf("%s: %v", command, err)
	}
	return string(out)
}

// The page shows fields, what they are and what they hold, and folds a schema that holds itself once only.
func TestDocsPageShowsSchemas(t *testing.T) {
	p := listen(t, func(o *Options) { o.Freezer = newFreezer(t) })
	p.show("/docs", 200, "Stop all rollbacks", `curl -sS &#34;$PUSHBACK/v1/freeze`, "one of gate, fleet", "Needs a token also on this host", `id="hold"`)
	var longest func(fields []web.SchemaField) int
	longest = func(fields []web.SchemaField) (depth int) {
		for _, f := range fields {
			depth = max(depth, 1+longest(f.Fields))
		}
		return depth
	}
	for _, g := range operationGroups(document(t)) {
		for _, op := range g.Operations {
			for _, a := range op.Answers {
				if d := longest(a.Fields); d > maxDepth+1 {
					t.Errorf("%s %s: %d fields within one another", op.Method, op.Path, d)
				}
			}
			if strings.Contains(op.Curl, "{") && !strings.Contains(op.Curl, " -d '") {
				t.Errorf("a parameter is left: %s", op.Curl)
			}
		}
	}
}
