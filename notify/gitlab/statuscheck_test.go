package gitlab

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/proof/forges"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/internal/protection"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

const check = "/projects/42/merge_requests/17/status_checks/1"

// protecting holds merge requests into production and release/eu back.
func protecting(t testing.TB, url string, note bool) *Reporter {
	t.Helper()
	c := only(t, url, false, note)
	c.Settings = protection.Settings{Protection: map[string]string{"production": "staging", "release/eu": "qa"}, WaitAtMost: 2 * time.Hour}
	g, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func asked(callback, version string) changes.Question {
	return changes.Question{Deployment: "7", Repository: "acme/cart", Environment: "production", ToolsWord: "prod", Version: version, Callback: callback}
}

// What a merge request waits for, by its target branch.
func TestWaits(t *testing.T) {
	g := protecting(t, "https://gitlab.com", true)
	w, err := g.Waits(asked(check, sha))
	want := notify.Wait{
		ID: check + "/" + sha, What: "merge request 17", Place: check, ToolsWord: "prod", Version: sha, Environment: "staging", AtMost: 2 * time.Hour, Again: true,
	}
	if err != nil || w != want {
		t.Errorf("%+v, %v", w, err)
	}
	q := asked(check, sha)
	q.Environment = "release/eu"
	if other, err := g.Waits(q); err != nil || other.Environment != "qa" || other.ID != w.ID {
		t.Errorf("a branch with a slash: %+v, %v", other, err)
	}
	q.Environment = "main"
	if _, err := g.Waits(q); !errors.Is(err, changes.ErrIgnored) {
		t.Errorf("a branch that nothing protects: %v", err)
	}
}

// The token goes to a path that is made of numbers, and to no other.
func TestPlaces(t *testing.T) {
	g := protecting(t, "https://gitlab.com", true)
	f := func(callback, version string) {
		t.Helper()
		var bad *sources.BadEvent
		if w, err := g.Waits(asked(callback, version)); !errors.As(err, &bad) || callback != "" && strings.Contains(err.Error(), callback) {
			t.Errorf("%q %q: %+v, %v", callback, version, w, err)
		}
		if callback == check {
			return
		}
		if err := g.Answer(t.Context(), notify.Wait{Place: callback}, notify.Answer{}); !errors.Is(err, notify.ErrPermanent) {
			t.Errorf("%q is answered: %v", callback, err)
		}
	}
	f("", sha)
	f(check+"/", sha)
	f(check+"\n", sha)
	f(check+"?x=1", sha)
	f("https://evil.example"+check, sha)
	f("/projects/42/merge_requests/17", sha)
	f("/projects/42/merge_requests/0/status_checks/1", sha)
	f("/projects/42/merge_requests/-1/status_checks/1", sha)
	f("/projects/42/merge_requests/1234567890123456789/status_checks/1", sha)
	f("/projects/acme%2fcart/merge_requests/17/status_checks/1", sha)
	f("/projects/42/../43/merge_requests/17/status_checks/1", sha)
	f(check, "")
	f(check, "main")
	f(check, sha[:8])
	f(check, sha+"\n")
}

// A status can be set again, and its reason stands in one note, which is not written where it says the same.
func TestAnswer(t *testing.T) {
	lab := forges.NewGitLab(t, token, nil)
	lab.Push(17, sha)
	for range 150 {
		lab.AddNote(17, "nice")
	}
	g := protecting(t, lab.URL, true)
	w, err := g.Waits(asked(check, sha))
	if err != nil {
		t.Fatal(err)
	}
	well := notify.Answer{Approved: true, Why: "`@all` healthy /close", Lines: []string{"red: healthy", "  errors 1 % → 1 %"}, Link: "https://pushback.example/changes/k"}
	f := func(a notify.Answer, status, word string, edits int) {
		t.Helper()
		if err := g.Answer(t.Context(), w, a); err != nil {
			t.Fatal(err)
		}
		notes := lab.Notes()
		n := notes[len(notes)-1]
		if len(notes) != 151 || n.On != 17 || n.Edits != edits || lab.CheckOf(17) != status || !strings.HasPrefix(n.Body, "<!-- pushback:status check 1 -->\n**Pushback: "+word+"**\n") {
			t.Errorf("%s: %d notes, %+v", lab.CheckOf(17), len(notes), n)
		}
	}
	f(well, "passed", "approved", 0)
	f(well, "passed", "approved", 0)
	f(notify.Answer{Pending: true, Why: "asked again"}, "pending", "not decided yet", 1)
	f(notify.Answer{Why: "regressed"}, "failed", "rejected", 2)
	f(well, "passed", "approved", 3)
	if n := lab.Notes()[150].Body; !strings.Contains(n, "`` `＠all` healthy /close ``") || !strings.Contains(n, "errors 1 % → 1 %") || !strings.Contains(n, "<https://pushback.example/changes/k>") {
		t.Error(n)
	}
}

// Without note, and where the answer to a first write is lost, there is no second note.
func TestNotes(t *testing.T) {
	lab := forges.NewGitLab(t, token, nil)
	lab.Push(17, sha)
	w, a := notify.Wait{Place: check, Version: sha}, notify.Answer{Why: "regressed"}
	if err := protecting(t, lab.URL, false).Answer(t.Context(), w, a); err != nil || len(lab.Notes()) != 0 || lab.CheckOf(17) != "failed" {
		t.Errorf("%v, %+v", err, lab.Notes())
	}
	lab.LoseAnswer(func(r *http.Request) bool { return r.Method == http.MethodPost })
	g := protecting(t, lab.URL, true)
	errs := []error{g.Answer(t.Context(), w, a)}
	lab.LoseAnswer(func(r *http.Request) bool {
		return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/notes")
	})
	errs = append(errs, g.Answer(t.Context(), w, a), g.Answer(t.Context(), w, a))
	if len(lab.Notes()) != 1 || errs[2] != nil || slices.ContainsFunc(errs[:2], func(err error) bool { return err == nil || errors.Is(err, notify.ErrPermanent) }) {
		t.Errorf("%v, %+v", errs, lab.Notes())
	}
}

// What GitLab's answer means.
func TestAnswerErrors(t *testing.T) {
	f := func(name string, w notify.Wait, before http.HandlerFunc, permanent, answered bool) {
		t.Helper()
		lab := forges.NewGitLab(t, token, nil)
		lab.Push(17, sha)
		if before != nil {
			lab.Before(func(w http.ResponseWriter, r *http.Request) bool { before(w, r); return true })
		}
		err := protecting(t, lab.URL, true).Answer(t.Context(), w, notify.Answer{Why: "x"})
		if err == nil || errors.Is(err, notify.ErrPermanent) != permanent || errors.Is(err, notify.ErrAnswered) != answered || strings.Contains(err.Error(), token) {
			t.Errorf("%s: %v", name, err)
		}
		if notes := lab.Notes(); len(notes) != 0 {
			t.Errorf("%s: %+v", name, notes)
		}
	}
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	here := notify.Wait{Place: check, Version: sha}
	f("a newer commit", notify.Wait{Place: check, Version: strings.Repeat("f", 40)}, nil, false, true)
	f("another merge request", notify.Wait{Place: strings.Replace(check, "/17/", "/18/", 1), Version: sha}, nil, true, false)
	f("another check", notify.Wait{Place: strings.Replace(check, "checks/1", "checks/2", 1), Version: sha}, nil, true, false)
	f("another project", notify.Wait{Place: strings.Replace(check, "/42/", "/43/", 1), Version: sha}, nil, true, false)
	f("a refused token", here, status(401), false, false)
	f("a token without the role", here, status(403), false, false)
	f("an outage", here, status(502), false, false)
}

// A note that fails says what was done before it.
func TestNoteErrors(t *testing.T) {
	lab := forges.NewGitLab(t, token, nil)
	lab.Push(17, sha)
	lab.Before(func(w http.ResponseWriter, r *http.Request) bool {
		notes := strings.HasSuffix(r.URL.Path, "/notes")
		if notes {
			w.WriteHeader(http.StatusForbidden)
		}
		return notes
	})
	err := protecting(t, lab.URL, true).Answer(t.Context(), notify.Wait{Place: check, Version: sha}, notify.Answer{Approved: true, Why: "x"})
	if err == nil || !strings.HasPrefix(err.Error(), "the status check is passed, and the note on merge request 17 failed") || lab.CheckOf(17) != "passed" {
		t.Error(err)
	}
}

// A report that only answers is one, and the settings are checked.
func TestProtectionSettings(t *testing.T) {
	protecting(t, "https://gitlab.com", false)
	c := only(t, "https://gitlab.com", true, true)
	c.Protection = map[string]string{"production": "production"}
	if _, err := New(c); err == nil || !strings.HasPrefix(err.Error(), "protection: write a branch") {
		t.Error(err)
	}
}

// Whatever the place is, what is called is made of numbers.
func FuzzWaits(f *testing.F) {
	f.Add(check, sha)
	f.Add("/projects/42/../43/merge_requests/17/status_checks/1", sha)
	g := protecting(f, "https://gitlab.com", true)
	f.Fuzz(func(t *testing.T, callback, version string) {
		w, err := g.Waits(asked(callback, version))
		if err != nil {
			return
		}
		rest := strings.NewReplacer("/projects/", "", "/merge_requests/", "", "/status_checks/", "").Replace(w.Place)
		if strings.Trim(rest, "0123456789") != "" || strings.Trim(w.Version, "0123456789abcdef") != "" || w.ID != w.Place+"/"+w.Version {
			t.Errorf("%q %q: %+v", callback, version, w)
		}
	})
}
