package github

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/hooktest"
)

func contract(t *testing.T, c Config, traits hooktest.Traits, settled func(*github)) {
	t.Helper()
	hooktest.Run(t, traits, func(t *testing.T, b hooktest.Behaviour) hooktest.Subject {
		g := cart()
		if b == hooktest.AlreadyLive {
			settled(g)
		}
		s := g.fake(b).Serve(t)
		return hooktest.Subject{Hook: hook(t, s.URL, c), Calls: s.Calls, Secrets: []string{token}}
	})
}

func TestContractOfWorkflow(t *testing.T) {
	t.Parallel()
	contract(t, dispatching, hooktest.Traits{HTTP: true}, nil)
}

func TestContractOfDeployment(t *testing.T) {
	t.Parallel()
	contract(t, deploying, hooktest.Traits{HTTP: true, ReadsFirst: true, Idempotent: true}, func(g *github) {
		g.deployments[0]["sha"], g.deployments[0]["ref"] = "sha-of-v1", "v1"
	})
}

func TestContractOfRevert(t *testing.T) {
	t.Parallel()
	contract(t, reverting, hooktest.Traits{HTTP: true, ReadsFirst: true, Idempotent: true}, func(g *github) {
		g.pulls[0]["merged_at"] = "2026-11-20T12:03:00Z"
	})
}

// attempt calls Do once.
func attempt(t *testing.T, g *github, c Config) (rollback.Receipt, error) {
	t.Helper()
	s := g.fake(hooktest.Succeeds).Serve(t)
	return hook(t, s.URL, c).Do(t.Context(), hooktest.Warrant(t))
}

func TestDispatch(t *testing.T) {
	g := cart()
	receipt, how := attempt(t, g, dispatching)
	hooktest.CheckOutcome(t, "a dispatch", how, "done", "")
	if receipt.Status != "run 7: success" {
		t.Errorf("the status of the receipt is %q", receipt.Status)
	}
	made := object{"ref": "main", "return": true, "inputs": map[string]string{"version": "v1", "key": hooktest.Order().Key, "dry": "no"}}
	if diff := cmp.Diff(made, g.made); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRunsEnd(t *testing.T) {
	t.Parallel()
	f := func(status, conclusion, wanted, contains string) {
		t.Helper()
		g := cart()
		g.run = object{"status": status, "conclusion": conclusion}
		c := dispatching
		if wanted == "unknown" {
			c.Timeout = shortTimeout
		}
		receipt, err := attempt(t, g, c)
		hooktest.CheckOutcome(t, status+" "+conclusion, err, wanted, contains)
		if wanted != "done" && receipt.Status != "run 7 was started" {
			t.Errorf("the status of the receipt is %q", receipt.Status)
		}
	}
	f("completed", "success", "done", "")
	f("completed", "failure", "failed", `ended with "failure": https://github.com/example/cart/actions/runs/7`)
	f("completed", "cancelled", "failed", `"cancelled"`)
	f("completed", "timed_out", "failed", `"timed_out"`)
	f("in_progress", "", "unknown", "had not ended in time")
	f("queued", "", "unknown", "had not ended in time")
}

// A server that does not know return_run_details answers 204.
func TestRunWithoutAName(t *testing.T) {
	f := func(answer any) {
		t.Helper()
		fake := cart().fake(hooktest.Succeeds)
		fake.Acts["POST "+repo+"/actions/workflows/undo.yml/dispatches"] = say(answer)
		s := fake.Serve(t)
		_, err := hook(t, s.URL, dispatching).Do(t.Context(), hooktest.Warrant(t))
		if !errors.Is(err, rollback.ErrOutcomeUnknown) || !strings.Contains(err.Error(), "returned no run") {
			t.Errorf("%v: %v", answer, err)
		}
	}
	f(hooktest.Status{Code: 204})
	f(object{})
	f(object{"workflow_run_id": -1})
	f(object{"workflow_run_id": "../../../user"})
}

// After a kill -9 the run is found by what Do reported, and no second workflow is
// dispatched.
func TestResume(t *testing.T) {
	t.Parallel()
	g := cart()
	s := g.fake(hooktest.Succeeds).Serve(t)
	h := hook(t, s.URL, dispatching)
	var started rollback.Receipt
	ctx := rollback.WithStarted(t.Context(), func(r rollback.Receipt) { started = r })
	if _, err := h.Do(ctx, hooktest.Warrant(t)); err != nil || started.Status != "run 7 was started" || started.Handle != "7" {
		t.Fatalf("%v, reported %+v", err, started)
	}
	f := func(what string, status, conclusion string, started rollback.Receipt, outcome, contains string) {
		t.Helper()
		g.run = object{"status": status, "conclusion": conclusion}
		if h.config.Timeout = longTimeout; outcome == "unknown" {
			h.config.Timeout = shortTimeout
		}
		receipt, err := h.Resume(t.Context(), hooktest.Warrant(t).Plan(), started)
		hooktest.CheckOutcome(t, what, err, outcome, contains)
		if s.Calls() != 1 || receipt.At.IsZero() {
			t.Errorf("%s: %d dispatches, %+v", what, s.Calls(), receipt)
		}
	}
	f("a run that went well", "completed", "success", started, "done", "")
	f("a run that did not", "completed", "failure", started, "failed", `ended with "failure": https://github.com/`)
	f("a run that goes on", "in_progress", "", started, "unknown", "had not ended")
	started.Handle = "../../user"
	f("an invalid handle", "completed", "success", started, "unknown", "is not the id of a run")
}

func TestDeployment(t *testing.T) {
	g := cart()
	receipt, how := attempt(t, g, deploying)
	hooktest.CheckOutcome(t, "a deployment", how, "done", "")
	if receipt.Status != "deployment 3: success" {
		t.Errorf("the status of the receipt is %q", receipt.Status)
	}
	key := hooktest.Order().Key
	made := object{
		"ref": "v1", "task": "deploy", "merges": false, "contexts": 0, "environment": "production",
		"key": key, "of": key, "description": "Pushback: cart v2 back to v1",
	}
	if diff := cmp.Diff(made, g.made); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDeploymentsEnd(t *testing.T) {
	t.Parallel()
	f := func(state, wanted, contains string) {
		t.Helper()
		g := cart()
		g.states["3"] = state
		c := deploying
		if wanted == "unknown" {
			c.Timeout = shortTimeout
		}
		_, err := attempt(t, g, c)
		hooktest.CheckOutcome(t, state, err, wanted, contains)
	}
	f("failure", "failed", "deployment 3 ended as failure")
	f("error", "failed", "deployment 3 ended as error")
	f("inactive", "failed", "ended as inactive")
	f("in_progress", "unknown", "had not ended in time")
	f("", "unknown", "had not ended in time")
}

// A deployment that an earlier attempt created is followed, whether GitHub returns its
// payload as an object or as a string.
func TestOurDeploymentIsFollowed(t *testing.T) {
	key := hooktest.Order().Key
	for _, payload := range []any{object{"pushback_key": key}, `{"pushback_key": "` + key + `"}`} {
		g := cart()
		g.deployments = append(g.deployments, object{"id": 3, "ref": "v1", "payload": payload})
		if _, how := attempt(t, g, deploying); how != nil || g.made != nil {
			t.Errorf("%v: %v, made %v", payload, how, g.made)
		}
	}
}

func TestRevert(t *testing.T) {
	g := cart()
	receipt, how := attempt(t, g, reverting)
	hooktest.CheckOutcome(t, "a revert", how, "done", "")
	if receipt.Status != "#13 is open and waits for a person" {
		t.Errorf("the status of the receipt is %q", receipt.Status)
	}
	made := object{"pullRequestId": "PR_12", "body": "Pushback: cart v2 back to v1.\n\nReverts #12.\n\nPushback-Key: " + hooktest.Order().Key + "\n"}
	if diff := cmp.Diff(made, g.made); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	f := func(how, wanted, contains, status string, change func(*github)) {
		t.Helper()
		g, c := cart(), reverting
		c.Merge, c.MergeMethod = how, "squash"
		if wanted == "unknown" {
			c.Timeout = shortTimeout
		}
		change(g)
		receipt, got := attempt(t, g, c)
		hooktest.CheckOutcome(t, how, got, wanted, contains)
		if receipt.Status != status {
			t.Errorf("%s: the status of the receipt is %q, want %q", how, receipt.Status, status)
		}
	}
	f("auto", "done", "", "#13 is merged", func(*github) {})
	f("now", "done", "", "#13 is merged", func(*github) {})
	f("auto", "done", "", "#13 is merged", func(g *github) { g.errors = []string{"", "Pull request Pull request is in clean status"} })
	f("auto", "failed", "Auto merge is not allowed", "#13 is open", func(g *github) { g.errors = []string{"", "Auto merge is not allowed for this repository"} })
	f("now", "failed", "conflicts with later changes", "#13 is open", func(g *github) { g.pull["mergeable"] = false })
	f("now", "unknown", "had not ended in time", "#13 is open", func(g *github) { g.pull["mergeable"] = nil })
	f("auto", "failed", "Resource not accessible", "", func(g *github) { g.errors = []string{"Resource not accessible by personal access token"} })
	f("auto", "unknown", "Something went wrong", "", func(g *github) { g.errors = []string{"Something went wrong while executing your query."} })
}

func TestRevertOfARevert(t *testing.T) {
	f := func(what, wanted string, pulls ...object) {
		t.Helper()
		g := cart()
		g.pulls = pulls
		receipt, how := attempt(t, g, reverting)
		if how != nil || receipt.Status != wanted || g.made != nil {
			t.Errorf("%s: %v, %q, made %v", what, how, receipt.Status, g.made)
		}
	}
	branch := object{"ref": "revert-12-faster"}
	f("a person was faster", "#9 is open and waits for a person", object{"number": 9, "state": "open", "head": branch})
	f("and merged it", "already reverted by #9", object{"number": 9, "state": "closed", "merged_at": "2026-11-20T12:01:00Z", "head": branch})
	f("ours, under another branch", "#9 is open and waits for a person",
		object{"number": 9, "state": "open", "body": "Pushback-Key: " + hooktest.Order().Key, "head": object{"ref": "x"}})
}

func TestFindIntroducing(t *testing.T) {
	f := func(wanted string, pulls ...object) {
		t.Helper()
		fake := cart().fake(hooktest.Succeeds)
		fake.Reads["GET "+repo+"/commits/v2/pulls?per_page=100"] = say(pulls)
		s := fake.Serve(t)
		_, err := hook(t, s.URL, reverting).Do(t.Context(), hooktest.Warrant(t))
		if (err == nil) != (wanted == "") || err != nil && !strings.Contains(err.Error(), wanted) {
			t.Errorf("%v: %v, want %q", pulls, err, wanted)
		}
		if wanted != "" && s.Calls() != 0 {
			t.Errorf("%v: something was changed", pulls)
		}
	}
	merged := func(n int, sha string) object {
		return object{"number": n, "node_id": "PR", "merged_at": "2026-11-20T11:59:00Z", "merge_commit_sha": sha, "head": object{"ref": "x"}}
	}
	f("", merged(12, "other"))
	f("", merged(11, "other"), merged(12, "v2"))
	f("introduced by 2 merged pull requests", merged(11, "a"), merged(12, "b"))
	f("introduced by 0 merged pull requests", object{"number": 12, "merged_at": nil})
}
