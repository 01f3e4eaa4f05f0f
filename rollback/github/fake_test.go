package github

import (
	"cmp"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pushback/pushback/rollback/hooktest"
)

const token = "ghp_a-secret-token"

// header holds the headers that the API documentation requires of every request.
var header = http.Header{
	"Accept": {"application/vnd.github+json"}, "Authorization": {"Bearer " + token}, "X-Github-Api-Version": {"2022-11-28"},
}

type object = map[string]any

// longTimeout is longer than any test takes; shortTimeout is for what never ends.
const (
	longTimeout  = 20 * time.Second
	shortTimeout = time.Second
)

// github is a fake API of one repository, example/cart. Its routes are those of
// docs.github.com, and its answers have the fields that the hook reads.
type github struct {
	run         object // GET …/runs/7
	deployments []object
	states      map[string]string // by deployment
	pulls       []object
	pull        object // GET …/pulls/13
	made        object // the body of the last changing request
	merged      bool
	errors      []string // GraphQL errors, one for each mutation; "": none
}

const repo = "/repos/example/cart"

func (g *github) fake(b hooktest.Behaviour) hooktest.Fake {
	return hooktest.Fake{Behaviour: b, Secret: token, Header: header, Reads: g.reads(), Acts: g.acts()}
}

func (g *github) reads() hooktest.Routes {
	reads := hooktest.Routes{
		"GET /rate_limit": say(object{"resources": object{}}),
		"GET " + repo:     say(object{"archived": false, "permissions": object{"push": true}, "allow_auto_merge": true}),
		"GET " + repo + "/actions/workflows/undo.yml": say(object{"id": 1, "state": "active"}),
		"GET " + repo + "/actions/runs/7":             func(hooktest.Request) any { return g.run },
		"GET " + repo + "/deployments?per_page=1":     func(hooktest.Request) any { return g.deployments },
		"GET " + repo + "/commits/v2/pulls?per_page=100": say([]object{
			{"number": 11, "merged_at": nil, "merge_commit_sha": "v2"},
			{"number": 12, "node_id": "PR_12", "state": "closed", "title": "faster cart", "merged_at": "2026-11-20T11:59:00Z", "merge_commit_sha": "v2", "head": object{"ref": "faster"}},
		}),
		"GET " + repo + "/pulls?state=all&sort=created&direction=desc&per_page=100": func(hooktest.Request) any { return g.pulls },
		"GET " + repo + "/pulls/13":                                       func(hooktest.Request) any { return g.pull },
		"GET " + repo + "/deployments?environment=production&per_page=30": func(hooktest.Request) any { return g.deployments },
	}
	for _, id := range []string{"1", "2", "3"} {
		reads["GET "+repo+"/deployments/"+id+"/statuses?per_page=1"] = func(hooktest.Request) any {
			if g.states[id] == "" {
				return []object{}
			}
			return []object{{"id": 5, "state": g.states[id]}}
		}
	}
	return reads
}

func say(v any) func(hooktest.Request) any { return func(hooktest.Request) any { return v } }

func (g *github) acts() hooktest.Routes {
	return hooktest.Routes{
		"POST " + repo + "/actions/workflows/undo.yml/dispatches": func(r hooktest.Request) any {
			var body struct {
				Ref    string            `json:"ref"`
				Inputs map[string]string `json:"inputs"`
				Return bool              `json:"return_run_details"`
			}
			r.Decode(&body)
			g.made = object{"ref": body.Ref, "inputs": body.Inputs, "return": body.Return}
			if !body.Return {
				return hooktest.Status{Code: http.StatusNoContent}
			}
			return object{"workflow_run_id": 7, "run_url": "https://api.github.com" + repo + "/actions/runs/7", "html_url": "https://github.com/example/cart/actions/runs/7"}
		},
		"POST " + repo + "/deployments": func(r hooktest.Request) any { return g.deploy(r) },
		"POST /graphql":                 func(r hooktest.Request) any { return g.graphql(r) },
		"PUT " + repo + "/pulls/13/merge": func(r hooktest.Request) any {
			var body struct {
				Method string `json:"merge_method"`
			}
			r.Decode(&body)
			g.pull["merged_at"], g.pull["merge_commit_sha"], g.merged = "2026-11-20T12:06:00Z", "cafe", true
			return object{"sha": "cafe", "merged": true, "message": "Pull Request successfully merged"}
		},
	}
}

func (g *github) deploy(r hooktest.Request) any {
	var body struct {
		Ref         string   `json:"ref"`
		Task        string   `json:"task"`
		AutoMerge   *bool    `json:"auto_merge"`
		Contexts    []string `json:"required_contexts"`
		Payload     object   `json:"payload"`
		Environment string   `json:"environment"`
		Description string   `json:"description"`
	}
	r.Decode(&body)
	g.made = object{
		"ref": body.Ref, "task": body.Task, "merges": *body.AutoMerge, "contexts": len(body.Contexts), "environment": body.Environment,
		"key": body.Payload["pushback_key"], "of": body.Payload["pushback_rollback_of"], "description": body.Description,
	}
	g.deployments = append([]object{{"id": 3, "sha": "sha-of-" + body.Ref, "ref": body.Ref, "payload": body.Payload}}, g.deployments...)
	return hooktest.Status{Code: http.StatusCreated, Body: g.deployments[0]}
}

func (g *github) graphql(r hooktest.Request) any {
	var body struct {
		Query     string `json:"query"`
		Variables struct {
			Input object `json:"input"`
		} `json:"variables"`
	}
	r.Decode(&body)
	if len(g.errors) > 0 && g.errors[0] != "" {
		message := g.errors[0]
		g.errors = g.errors[1:]
		return object{"data": nil, "errors": []object{{"type": "UNPROCESSABLE", "message": message}}}
	}
	if len(g.errors) > 0 {
		g.errors = g.errors[1:]
	}
	if body.Query == autoMergeMutation {
		g.pull["merged_at"], g.made = "2026-11-20T12:09:00Z", body.Variables.Input
		return object{"data": object{"enablePullRequestAutoMerge": object{"pullRequest": object{"number": 13}}}}
	}
	g.made = body.Variables.Input
	g.pulls = append([]object{{"number": 13, "node_id": "PR_13", "state": "open", "body": body.Variables.Input["body"], "head": object{"ref": "revert-12-faster"}}}, g.pulls...)
	return object{"data": object{"revertPullRequest": object{"revertPullRequest": object{"id": "PR_13", "number": 13, "url": "https://github.com/example/cart/pull/13"}}}}
}

// cart is the repository five minutes after v2 was deployed.
func cart() *github {
	return &github{
		run:         object{"id": 7, "status": "completed", "conclusion": "success"},
		deployments: []object{{"id": 2, "sha": "sha-of-v2", "ref": "v2", "payload": "{}"}, {"id": 1, "sha": "sha-of-v1", "ref": "v1", "payload": object{}}},
		states:      map[string]string{"1": "inactive", "2": "success", "3": "success"},
		pulls:       []object{{"number": 10, "state": "closed", "head": object{"ref": "revert-12-faster"}}},
		pull:        object{"number": 13, "node_id": "PR_13", "state": "open", "mergeable": true},
	}
}

// hook returns a hook of the given configuration, for the server at url.
func hook(t *testing.T, url string, c Config) *Hook {
	t.Helper()
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.URL, c.TokenFile, c.Timeout = url, path, cmp.Or(c.Timeout, longTimeout)
	if c.Repository == "" {
		c.Repository = "example/$service"
	}
	h, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// The smallest configuration of each of the three ways.
var (
	dispatching = Config{Does: "workflow", Workflow: "undo.yml", Inputs: map[string]string{"version": "$target_version", "key": "$key", "dry": "no"}}
	deploying   = Config{Does: "deployment"}
	reverting   = Config{Does: "revert"}
)
