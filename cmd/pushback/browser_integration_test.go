//go:build integration

package main_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	chromium "github.com/pushback/pushback/internal/proof/browser"
	"github.com/pushback/pushback/internal/proof/servertest"
	"github.com/pushback/pushback/internal/server/api"
)

// testViewer is the provider's second user.
const testViewer = "test-user2@zitadel.ch"

// TestBadDeployInABrowser is what people do with their browsers while a deploy goes bad: they sign in at a real provider,
// see the open pages change, one of them may not approve the rollback, and the other does. Program, provider, metrics and
// Chromium are real.
func TestBadDeployInABrowser(t *testing.T) {
	t.Parallel()
	cart := newTarget(t)
	tool := newDeployTool(t, func(int) { cart.fails.Store(quiet) })
	services := map[string]*target{"cart": cart}
	text := settings(metricStore(t, servertest.Prometheus, cart), tool, services)
	s := newSiteOf(t, text, strings.Replace(rule("once"), "mode: act", "mode: ask", 1), "{sre: responder, guests: viewer}")
	key := s.pushback.deploy("cart", "v2")
	d := &badDeploy{site: s, tool: tool, key: key}

	started := chromium.Start(t)
	change := d.signIn(started, "test-user@localhost")
	now := started.Open(t, s.url+"/", chromium.View{Within: browserTime})
	d.goesBad(cart, change, now)
	seen := d.isRefusedToViewer(started.NewPerson(t))
	d.isApproved(change, seen, now)
}

// browserTime is how long the pages are open, on a busy machine.
const browserTime = slack * time.Minute

// badDeploy is a deploy whose rollback needs a person.
type badDeploy struct {
	*site
	tool *deployTool
	key  string
}

// signIn opens the page of the change, which leads to the sign-in and from there to the provider, and comes back to it.
func (d *badDeploy) signIn(b *chromium.Browser, user string) *chromium.Page {
	d.t.Helper()
	page := b.Open(d.t, d.url+"/changes/"+d.key, chromium.View{Within: browserTime})
	page.Click(`a[href^="/signin/provider"]`)
	page.Wait("#username")
	page.Type("#username", user)
	page.Type("#password", "verysecure")
	page.Click("button[type=submit]")
	page.Until("the page of the change after signing in", `document.getElementById("change")?.dataset.key === "`+d.key+`"`)
	return page
}

// untouched marks a page as it is, so that a page that is loaded again is told apart; and says that nobody looks at it, so
// that its clock does not refresh it either. What is left are the server's events.
const untouched = `window.untouched = true; Object.defineProperty(document, "hidden", { get: () => true }); true`

// isUntouched holds that a page became what it is by events alone, and that its scripts ran without an error.
func (d *badDeploy) isUntouched(page *chromium.Page, name string) {
	d.t.Helper()
	if !chromium.Eval[bool](page, `window.untouched === true`) {
		d.t.Errorf("%s was loaded again", name)
	}
	if !slices.Contains(page.Told(), d.key) {
		d.t.Errorf("%s was told of %q", name, page.Told())
	}
	if faults := d.faults(page); len(faults) > 0 {
		d.t.Errorf("%s: %q", name, faults)
	}
}

// has is an expression: whether an element's text contains words, on however many lines.
func has(selector, words string) string {
	return fmt.Sprintf(`document.querySelector(%q)?.innerText.replace(/\s+/g, " ").includes(%q) === true`, selector, words)
}

// faults are the errors of a tab but for those of the provider, whose pages lack an icon.
func (d *badDeploy) faults(page *chromium.Page) []string {
	return slices.DeleteFunc(page.Faults(), func(fault string) bool { return strings.Contains(fault, d.login) })
}

// goesBad has the deploy go bad while two pages are open.
func (d *badDeploy) goesBad(cart *target, change, now *chromium.Page) {
	d.t.Helper()
	change.Until("the change is being watched", has("#summary .headrow", "Watching")+` && !document.querySelector("#decision form")`)
	now.Until("it is among what is being watched", has("#now-watched tbody", "cart"))
	if !chromium.Eval[bool](now, `!document.querySelector("#now-waiting a")`) {
		d.t.Error("something waits for a person before anything is bad")
	}
	for _, page := range []*chromium.Page{change, now} {
		chromium.Eval[bool](page, untouched)
	}
	cart.fails.Store(bad)
	change.Until("the button", has("#decision form.decide button.primary", "Roll back to v1"))
	change.Until("what is wrong", has("#summary h1", "errors went from 0."))
	now.Until("the question", has(`#now-waiting a[href="/changes/`+d.key+`"]`, "Roll back cart v2 to v1?"))
	d.isUntouched(change, "the page of the change")
	d.isUntouched(now, "the first page")
	if e := d.pushback.explain(d.key); e.Order == nil || e.Order.State != "proposed" {
		d.t.Fatal("the page shows what is not so: ", describe(e))
	}
}

// isRefusedToViewer signs in as somebody who may only read: they are shown no button, and what they send anyhow is refused.
// It returns their page of the change.
func (d *badDeploy) isRefusedToViewer(b *chromium.Browser) *chromium.Page {
	d.t.Helper()
	page := d.signIn(b, "test-user2")
	page.Until("the question without a button", has("#decision", "approve it?")+` && `+has("#decision", "Only a responder"))
	page.Until("who reads", has(".account", testViewer+" viewer"))
	if forms := chromium.Eval[[]string](page, `[...document.querySelectorAll("main form, main button.primary, main a.button")].map((e) => e.outerHTML)`); len(forms) > 0 {
		d.t.Errorf("a viewer is shown %q", forms)
	}
	chromium.Eval[bool](page, untouched)

	other := b.Open(d.t, d.url+"/changes/"+d.key, chromium.View{Within: browserTime})
	for _, address := range []string{"/changes/" + d.key + "/approve", "/changes/" + d.key + "/reject", "/v1/orders/" + d.key + "/approve"} {
		body := `new URLSearchParams({ actor: "amy", why: "let me" })`
		if strings.HasPrefix(address, "/v1/") {
			body = `new Blob(['{"actor": "amy"}'], { type: "application/json" })`
		}
		if status := chromium.Eval[int](other, fmt.Sprintf(`fetch(%q, { method: "POST", body: %s }).then((r) => r.status)`, address, body)); status != http.StatusForbidden {
			d.t.Errorf("a viewer sends %s: %d", address, status)
		}
	}
	chromium.Eval[bool](other, fmt.Sprintf(`(() => { const form = document.createElement("form"); form.method = "post"; form.action = "/changes/%s/approve"; document.body.append(form); form.submit(); return true; })()`, d.key))
	other.Until("that it is refused", has("main", "this needs the role responder, and "+testViewer+" has the role viewer"))
	if e := d.pushback.explain(d.key); e.Order.State != "proposed" || e.Order.Actor != "" || d.tool.calls(d.key) > 0 {
		d.t.Error("after a viewer tried: ", describe(e))
	}
	return page
}

// isApproved has the responder press the button. Everybody sees what comes of it.
func (d *badDeploy) isApproved(change, seen, now *chromium.Page) {
	d.t.Helper()
	change.Type("#decision input[name=why]", "six times the errors")
	change.Click("#decision button.primary")
	change.Until("who approved", has("#decision", "Decided by "+testUser+": six times the errors"))
	for name, page := range map[string]*chromium.Page{"the responder's page": change, "the viewer's page": seen} {
		page.Until(name+": rolled back", has("#summary .aside", "Rolled back to v1 at")+` && `+has("#decision h2", "Rolled back"))
		page.Until(name+": a watch of whether it helped", `document.querySelector('section.watch[aria-label="red, after the rollback"]') !== null`)
	}
	now.Until("that nothing waits", `!document.querySelector("#now-waiting a")`)
	d.isUntouched(seen, "the viewer's page")
	d.isUntouched(now, "the first page")
	if faults := d.faults(change); len(faults) > 0 {
		d.t.Errorf("%q", faults)
	}
	e := d.pushback.await(d.key, "a rollback", 10*time.Second, ordered("done"))
	if e.Order.Actor != testUser || d.tool.calls(d.key) != 1 {
		d.t.Errorf("by %q, the hook was called %d times", e.Order.Actor, d.tool.calls(d.key))
	}
	if !slices.ContainsFunc(e.Journal, func(j api.Entry) bool {
		return j.Actor == testUser && j.Action == "order" && strings.Contains(string(j.Detail), `"to":"approved"`)
	}) {
		d.t.Error("by the journal the responder has approved nothing")
	}
}
