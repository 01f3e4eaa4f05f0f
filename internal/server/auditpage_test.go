package server

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pushback/pushback/internal/store"
)

func TestAuditPage(t *testing.T) {
	p, _ := freezing(t)
	key := p.mustStore(bad)
	r := p.signIn()
	r.post("/holds/freeze", 303, "actor=amy&why=sale")
	r.post("/holds", 303, "actor=bob&why=move&service=search")
	r.see("/audit", 200, "has not been checked yet", "Froze all rollbacks: sale", "Held deploys of search (h1): move", "cart 1.4.2", "/secret/path", `href="/v1/audit/export"`)
	if page := p.show("/audit", 200, "Froze all rollbacks: sale", "&#34;grade&#34;"); strings.Contains(page, "/secret/path") {
		t.Error("a reader sees the detail of a freeze")
	}
	f := func(query, has, not string) {
		t.Helper()
		page := p.show("/audit?"+query, 200, has)
		if not != "" && strings.Contains(page, not) {
			t.Errorf("%s: %q is in the page", query, not)
		}
	}
	f("actor=bob", "Held deploys of search", "Froze all")
	f("action=freeze", "Froze all", "Held deploys")
	f("change="+key, "cart 1.4.2", "Held deploys")
	f("service=cart", "cart 1.4.2", "Held deploys")
	f("since=1h", "Froze all", "")
	f("until=2026-11-22", "No entries", "Froze all")
	f("since=2026-11-23", "No entries", "Froze all")
	p.show("/audit?since=soon", 400, "that is no time")

	check := store.JournalCheck{Kind: store.NewEntriesCheck, At: testNow, Replica: "web-1", First: 1, Through: 3, Hash: "9f2c41"}
	put := func() {
		if err := p.store.PutJournalCheck(t.Context(), check); err != nil {
			t.Fatal(err)
		}
	}
	put()
	p.show("/audit", 200, "The record is whole</strong> up to entry 3", "by web-1", "9f2c41")
	check.Fault, check.FaultAt = "entry 2 was altered: its content does not match its hash", testNow
	put()
	p.show("/audit", 200, "The record is not whole", "entry 2 was altered")
}

func TestAuditIsPaged(t *testing.T) {
	p := listen(t, nil)
	for range auditEntries + 5 {
		if err := p.store.Append(t.Context(), store.Entry{At: testNow, Actor: "amy", Action: "propose", Detail: []byte(`{"why":"x"}`)}); err != nil {
			t.Fatal(err)
		}
	}
	page := p.show("/audit?actor=amy", 200, `href="/audit?actor=amy&amp;before=6"`)
	if n := strings.Count(page, `class="words"`); n != auditEntries {
		t.Errorf("%d entries", n)
	}
	page = p.show("/audit?actor=amy&before=6", 200, "Newest entries")
	if n := strings.Count(page, `class="words"`); n != 5 || strings.Contains(page, "Earlier entries") {
		t.Errorf("%d entries on the last page", n)
	}
}

// The export is for those who may change something, and can be verified.
func TestExportOfTheJournal(t *testing.T) {
	p := listen(t, nil)
	p.mustStore(bad)
	if status, _, _ := p.ask(http.MethodGet, "/v1/audit/export", ""); status != http.StatusUnauthorized {
		t.Errorf("without a token: %d", status)
	}
	status, lines, h := p.ask(http.MethodGet, "/v1/audit/export", "", "Authorization", "Bearer "+token)
	if status != 200 || h.Get("Content-Type") != linesType || strings.Count(lines, "\n") < 2 || !strings.Contains(lines, `"hash":"`) {
		t.Errorf("%d %s: %s", status, h.Get("Content-Type"), lines)
	}
	status, lines, _ = p.ask(http.MethodGet, "/v1/audit/export?until=2026-11-01T00:00:00Z", "", "Authorization", "Bearer "+token)
	if status != 200 || lines != "" {
		t.Errorf("%d: %s", status, lines)
	}
}
