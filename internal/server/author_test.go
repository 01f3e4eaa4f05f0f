package server

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
)

// TestChangesOfSomebody finds the changes of an actor or rider, page by page.
func TestChangesOfSomebody(t *testing.T) {
	p := listen(t, nil)
	for i, actor := range []string{"ada", "bob", "ada", "carol", "ada"} {
		body := fmt.Sprintf(`{"service":"cart","version":"v%d","at":%q,"actor":%q,"riders":["Eve <eve@example.org>"]}`,
			i, testNow.Add(time.Duration(i-10)*time.Minute).Format(time.RFC3339), actor)
		if status, answer, _ := p.ask(http.MethodPost, "/v1/events", body, "Content-Type", "application/json", "Authorization", "Bearer "+token); status != http.StatusCreated {
			t.Fatalf("%d %s", status, answer)
		}
	}
	f := func(query, want string) {
		t.Helper()
		var got []string
		for next := "/v1/changes?" + query; next != ""; {
			page := get[api.Changes](p, next)
			for _, c := range page.Changes {
				got = append(got, c.Version)
			}
			if next = ""; !page.Before.IsZero() {
				next = "/v1/changes?" + query + "&before=" + page.Before.Format(time.RFC3339Nano)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", query, got, want)
		}
	}
	f("author=ada", "v4 v2 v0")
	f("author=ada&limit=1", "v4 v2 v0")
	f("author=ada&author=Bob", "v4 v2 v1 v0")
	f("author=eve@example.org&limit=2", "v4 v3 v2 v1 v0")
	f("author=ada&service=shop", "")
	f("author=dave", "")
	f("author=", "v4 v3 v2 v1 v0") // as every filter that is empty
	if status, body, _ := p.ask(http.MethodGet, "/v1/changes?"+strings.Repeat("author=a&", 21), ""); status != http.StatusUnprocessableEntity {
		t.Errorf("21 authors: %d %s", status, body)
	}
}

// BenchmarkChangesOfSomebody looks through as many changes as one request does, each with
// ten riders, and finds one in a hundred.
func BenchmarkChangesOfSomebody(b *testing.B) {
	st := openStore(b)
	for i := range maxSearched + 1 {
		e := sources.Event{
			Source: "ci", EventID: fmt.Sprint(i), ChangeID: fmt.Sprint(i), Status: sources.Succeeded, At: testNow.Add(time.Duration(i-10000) * time.Minute),
			Service: fmt.Sprint("service-", i%300), Environment: "production", Kind: sources.Deploy, Version: fmt.Sprint("v", i), Actor: "deploy-bot",
			URL: "https://ci.example.com/pipelines/platform/runs/1742",
		}
		for r := range 10 {
			e.Riders = append(e.Riders, fmt.Sprintf("Person %d <person-%d@example.org>", (i+r)%1000, (i+r)%1000))
		}
		admitted, err := sources.Admit(e, nil, testNow)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := st.AcceptUnwatched(b.Context(), admitted, nil, testNow); err != nil {
			b.Fatal(err)
		}
	}
	s := &Server{Options: Options{Store: st}}
	b.ReportAllocs()
	for b.Loop() {
		page, err := s.searchPage(b.Context(), store.ChangeFilter{Limit: 500}, []string{"person-7@example.org"})
		if err != nil || len(page.Changes) != 27 {
			b.Fatalf("%d changes, %v", len(page.Changes), err)
		}
	}
}
