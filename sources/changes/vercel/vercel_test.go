package vercel

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/changestest"
	"github.com/pushback/pushback/sources/changes/webhook"
)

const promoted = `{
  "id": "uev_2", "type": "deployment.promoted", "createdAt": 1772366520000, "region": "sfo1",
  "payload": {"target": "production", "team": {"id": "team_1"}, "user": {"id": "user_1"}, "project": {"id": "prj_1"}, "plan": "pro",
    "deployment": {"id": "dpl_1", "name": "cart", "url": "cart-abc.vercel.app", "meta": {"githubCommitSha": "1dc6aa69", "githubCommitRef": "main", "githubCommitAuthorLogin": "ada"}},
    "links": {"deployment": "https://vercel.com/acme/cart/dpl_1", "project": "https://vercel.com/acme/cart"}}
}`

func of(kind string) string {
	return strings.NewReplacer("deployment.promoted", kind, "uev_2", "uev_"+kind, "1772366520000", "1772366400000").Replace(promoted)
}

func settings(c changestest.Config) Config {
	return Config{Config: webhook.Config{SecretFiles: c.SecretFiles, Insecure: c.Insecure, Scope: c.Scope}}
}

func TestContract(t *testing.T) {
	changestest.Run(t, changestest.Subject{
		New: func(c changestest.Config) (changes.Source, error) {
			return New(changes.Options{Name: changestest.Name}, settings(c))
		},
		Signatures: []changestest.Signature{changestest.HexHMACSHA1("X-Vercel-Signature")},
		Succeeded:  changestest.Delivery{Body: promoted},
		Ignored:    []changestest.Delivery{{Body: of("deployment.created")}, {Body: of("deployment.succeeded")}, {Body: of("project.created")}, {Body: of("deployment.rollback")}},
		At:         time.Date(2026, 3, 1, 12, 2, 0, 0, time.UTC), Environment: "production",
	})
}

func TestContractOfPreviews(t *testing.T) {
	preview := strings.NewReplacer(`"production"`, "null")
	changestest.Run(t, changestest.Subject{
		New: func(c changestest.Config) (changes.Source, error) {
			return New(changes.Options{Name: changestest.Name}, settings(c))
		},
		Signatures: []changestest.Signature{changestest.HexHMACSHA1("X-Vercel-Signature")},
		Started:    changestest.Delivery{Body: preview.Replace(of("deployment.created"))},
		Succeeded:  changestest.Delivery{Body: preview.Replace(strings.Replace(promoted, "promoted", "succeeded", 1))},
		Ignored:    []changestest.Delivery{{Body: preview.Replace(promoted)}},
		At:         time.Date(2026, 3, 1, 12, 2, 0, 0, time.UTC), Environment: "preview",
	})
}

func source(t testing.TB, c Config) changes.Source {
	t.Helper()
	c.Insecure = true
	s, err := New(changes.Options{Name: "vercel"}, c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTypes(t *testing.T) {
	f := func(name, body string, c Config, want sources.Status, environment, change string) {
		t.Helper()
		got, err := source(t, c).Parse(nil, []byte(body))
		if want == "" {
			if !errors.Is(err, changes.ErrIgnored) {
				t.Errorf("%s: %+v, %v", name, got, err)
			}
			return
		}
		e := got[0]
		if err != nil || e.Status != want || e.Environment != environment || e.Version != "1dc6aa69" || e.Actor != "ada" || e.ChangeID != change {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	preview := strings.NewReplacer(`"production"`, "null")
	f("created", of("deployment.created"), Config{}, "", "", "")
	f("built", of("deployment.succeeded"), Config{}, "", "", "")
	f("promoted", promoted, Config{}, sources.Succeeded, "production", "vercel:dpl_1:uev_2")
	f("promoted again", strings.Replace(promoted, "uev_2", "uev_9", 1), Config{}, sources.Succeeded, "production", "vercel:dpl_1:uev_9")
	f("created, without promotions", of("deployment.created"), Config{SucceededIsEnd: true}, sources.Started, "production", "vercel:dpl_1")
	f("built, without promotions", of("deployment.succeeded"), Config{SucceededIsEnd: true}, sources.Succeeded, "production", "vercel:dpl_1")
	f("promoted, without promotions", promoted, Config{SucceededIsEnd: true}, "", "", "")
	f("a preview", preview.Replace(of("deployment.succeeded")), Config{}, sources.Succeeded, "preview", "vercel:dpl_1")
	f("error", of("deployment.error"), Config{}, sources.Failed, "production", "vercel:dpl_1")
	f("canceled", of("deployment.canceled"), Config{}, sources.Failed, "production", "vercel:dpl_1")
}

func TestWithoutGit(t *testing.T) {
	got, err := source(t, Config{}).Parse(nil, []byte(strings.NewReplacer("githubCommit", "otherCommit", `"links"`, `"x"`).Replace(promoted)))
	if err != nil || got[0].Version != "dpl_1" || got[0].Actor != "user_1" || got[0].URL != "https://cart-abc.vercel.app" {
		t.Errorf("%+v, %v", got, err)
	}
}

func FuzzParse(f *testing.F) {
	changestest.Fuzz(f, source(f, Config{SucceededIsEnd: true}), changestest.Delivery{Body: promoted}, changestest.Delivery{Body: of("deployment.created")})
}
