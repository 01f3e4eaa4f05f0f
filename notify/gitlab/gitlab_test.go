package gitlab

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pushback/pushback/internal/proof/forges"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/internal/comment"
	"github.com/pushback/pushback/notify/sendertest"
	"github.com/pushback/pushback/sources"
)

var update = flag.Bool("update", false, "write the golden files anew")

const (
	token = "glpat-kX7vQ2mZpR9tWc4bNf8s"
	sha   = "0123456789abcdef0123456789abcdef01234567"
)

func only(t testing.TB, url string, status, note bool) Config {
	t.Helper()
	return Config{URL: url, TokenFile: sendertest.SecretFile(t, token), Status: status, Note: note}
}

// here is the example's change as a deployment of project 42.
func here(r *notify.Report) {
	r.Witnesses = []sources.Witness{{Source: "gitlab", ChangeID: "gitlab:42/101"}}
	r.Version = sha
}

func reporterOn(t *testing.T, c Config) *Reporter {
	t.Helper()
	g, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// Each part holds to the contract alone, because the suite wants one request a report.
func TestContract(t *testing.T) {
	part := func(name string, status, note bool, remote string, names int) {
		t.Run(name, func(t *testing.T) {
			sendertest.Run(t, sendertest.Subject{
				Reports: true,
				Secrets: []string{token}, Permanent: []int{http.StatusNotFound}, Names: names, NoToken: names < 6,
				Ours:  []string{comment.Marker(sendertest.Report().Key), comment.LinkText},
				Reads: func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "[]") },
				New: func(t *testing.T, url string) notify.Sender {
					g, err := New(only(t, url, status, note))
					return sendertest.Reporting(t, g, err, remote, here)
				},
			})
		})
	}
	part("status", true, false, "", 3)
	part("note", false, true, `{"merge_request": 17}`, 6)
}

// What people see at each state of a change.
func TestBodies(t *testing.T) {
	lab := forges.NewGitLab(t, token, map[string]int64{sha: 17})
	var got strings.Builder
	names, reports := sendertest.States()
	for i, r := range reports {
		here(&r)
		r.Key, r.Service = fmt.Sprintf("key%d", i), fmt.Sprintf("cart%d", i)
		if _, err := reporterOn(t, only(t, lab.URL, true, true)).Report(t.Context(), r, ""); err != nil {
			t.Fatal(err)
		}
		statuses, notes := lab.Statuses(), lab.Notes()
		text, err := json.MarshalIndent(statuses[len(statuses)-1], "", " ")
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&got, "## %s\n%s\n\n%s\n", names[i], text, notes[len(notes)-1].Body)
	}
	golden := filepath.Join("testdata", "bodies.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(golden); err != nil || string(want) != got.String() {
		t.Errorf("%s is another now (%v): run with -update, and read the difference. Got:\n%s", golden, err, got.String())
	}
}

// A change has one note, also where what was stored is lost, and where the answer to every first write is.
func TestInPlace(t *testing.T) {
	_, reports := sendertest.States()
	f := func(name string, forgets, loses bool) {
		t.Run(name, func(t *testing.T) {
			lab, remote := forges.NewGitLab(t, token, map[string]int64{sha: 17}), ""
			for range 150 {
				lab.AddNote(17, "nice")
			}
			lost := map[string]bool{}
			if loses {
				lab.LoseAnswer(func(r *http.Request) bool {
					first := r.Method != http.MethodGet && !lost[r.URL.Path]
					lost[r.URL.Path] = true
					return first
				})
			}
			for _, r := range reports {
				here(&r)
				var err error
				for range 4 {
					remote, err = reporterOn(t, only(t, lab.URL, true, true)).Report(t.Context(), r, remote)
					if err == nil {
						break
					}
				}
				if err != nil {
					t.Fatal(err)
				}
				if forgets {
					remote = ""
				}
			}
			notes, statuses := lab.Notes(), lab.Statuses()
			if len(notes) != 151 || notes[150].On != 17 || !strings.Contains(notes[150].Body, "well again") || statuses[len(statuses)-1].State != "failed" {
				t.Errorf("%d notes, the last %+v; statuses %+v", len(notes), notes[len(notes)-1], statuses)
			}
		})
	}
	f("as it should be", false, false)
	f("what was stored is lost", true, false)
	f("answers are lost", false, true)
}

// Which changes are written about, and what a missing commit is.
func TestTargets(t *testing.T) {
	f := func(id, version string, written int, permanent bool) {
		t.Helper()
		lab := forges.NewGitLab(t, token, map[string]int64{sha: 0})
		r := sendertest.Report()
		r.Witnesses, r.Version = []sources.Witness{{Source: "gitlab", ChangeID: id}}, version
		_, err := reporterOn(t, only(t, lab.URL, true, true)).Report(t.Context(), r, "")
		if len(lab.Statuses()) != written || errors.Is(err, notify.ErrPermanent) != permanent || err != nil && !permanent {
			t.Errorf("%s %s: %v, %d statuses", id, version, err, len(lab.Statuses()))
		}
	}
	f("gitlab:42/7", sha, 1, false)
	f("gitlab:42/pipelines/7", sha, 1, false)
	f("gitlab:42/releases/7", "v1.0.0", 0, false)
	f("gitlab:42/feature_flags/7/x", sha, 0, false)
	f("github:acme/cart/7", sha, 0, false)
	f("gitlab:42/../43/7", sha, 0, false)
	f("gitlab:43/7", sha, 0, true)
	f("gitlab:42/7", "ffffffffffffffffffffffffffffffffffffffff", 0, true)
}

func TestSettings(t *testing.T) {
	if _, err := New(only(t, "https://gitlab.com", false, false)); err == nil || !strings.HasPrefix(err.Error(), "status and note") {
		t.Error(err)
	}
	var c Config
	if c.SetDefaults(); c.URL != "https://gitlab.com" || !c.Status || !c.Note {
		t.Errorf("defaults %+v", c)
	}
}

// A note has the plots where the settings want them, without the form for dark pages, which GitLab does not take.
func TestPlot(t *testing.T) {
	r := sendertest.Report()
	here(&r)
	r.Picture, r.PictureDark = "https://pushback.example/pictures/light.png", "https://pushback.example/pictures/dark.png"
	for plot, want := range map[bool]string{true: "](<https://pushback.example/pictures/light.png>)", false: ""} {
		lab := forges.NewGitLab(t, token, map[string]int64{sha: 17})
		c := only(t, lab.URL, false, true)
		c.Plot = plot
		if _, err := reporterOn(t, c).Report(t.Context(), r, ""); err != nil {
			t.Fatal(err)
		}
		body := lab.Notes()[0].Body
		if strings.Contains(body, "pictures/") != plot || !strings.Contains(body, want) || strings.Contains(body, "dark.png") {
			t.Errorf("plot %t: %s", plot, body)
		}
	}
}
