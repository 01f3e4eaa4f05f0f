package github

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/pushback/pushback/internal/report"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/internal/comment"
	"github.com/pushback/pushback/notify/sendertest"
	"github.com/pushback/pushback/sources"
)

const (
	token = "github_pat_11ABCDEFG0123456789"
	sha   = "0123456789abcdef0123456789abcdef01234567"
)

// only is the settings with the parts that are named.
func only(t testing.TB, url, check string, deployment, comment bool) Config {
	t.Helper()
	return Config{APIURL: url, TokenFile: sendertest.SecretFile(t, token), Check: check, DeploymentStatus: deployment, Comment: comment}
}

// here is the example's change as a deployment of acme/cart.
func here(r *notify.Report) {
	r.Witnesses = []sources.Witness{{Source: "github", ChangeID: "github:acme/cart/101"}}
	r.Version = sha
}

// picture is how a check run shows the picture of the suite's example, whose address is that of its page.
var picture = `<picture><source media="(prefers-color-scheme: dark)" srcset="` + sendertest.Message().Link + `"><img alt="` + report.PlotText + `" src="` + sendertest.Message().Link + `"></picture>`

// Each part holds to the contract alone, because the suite wants one request a report.
func TestContract(t *testing.T) {
	subject := sendertest.Subject{
		Reports: true,
		Secrets: []string{token}, Permanent: []int{http.StatusNotFound}, Ours: []string{comment.Marker(sendertest.Report().Key), comment.LinkText, picture},
		Reads: func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/check-runs") {
				fmt.Fprint(w, `{"total_count": 0, "check_runs": []}`)
				return
			}
			fmt.Fprint(w, "[]")
		},
	}
	part := func(name, check string, deployment, comments bool, remote string, names int) {
		t.Run(name, func(t *testing.T) {
			s := subject
			s.Names, s.NoToken = names, names < 6
			s.New = func(t *testing.T, url string) notify.Sender {
				g, err := New(only(t, url, check, deployment, comments))
				return sendertest.Reporting(t, g, err, remote, here)
			}
			sendertest.Run(t, s)
		})
	}
	part("status", CommitStatus, false, false, "", 3)
	part("check run", CheckRun, false, false, "", 6)
	part("deployment status", NoCheck, true, false, "", 1)
	part("comment", NoCheck, false, true, `{"pull": 17}`, 6)
}
