package server

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/internal/identity"
	"github.com/pushback/pushback/internal/replay"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
)

const (
	auditEntries = 50       // of a page
	maxDetail    = 16 << 10 // bytes of a detail that the page shows
)

func (s *Server) auditPage(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	f, err := s.journalFilter(q)
	if err != nil {
		return err
	}
	found, err := s.Store.FindJournal(r.Context(), f)
	if err != nil {
		return s.storeProblem(err)
	}
	checks, err := s.Store.JournalChecks(r.Context())
	if err != nil {
		return s.storeProblem(err)
	}
	_, last, err := s.Store.JournalEnds(r.Context())
	if err != nil {
		return s.storeProblem(err)
	}
	page := web.Audit{
		Frame: s.frame(r, "Audit"), Actions: actionChoices(f.Action), Chain: chainView(checks, last),
		Filter:   web.AuditFilter{Actor: f.Actor, Change: q.Get("change"), Service: q.Get("service"), Since: q.Get("since"), Until: q.Get("until")},
		Narrowed: f.Actor+f.Action+f.ChangeKey+f.Service != "",
	}
	page.MayExport = s.who(r).May(identity.Operate)
	page.Export = exportAddress(f)
	if f.Before > 0 {
		page.Newest = auditAddress(q, 0)
	}
	if len(found) > auditEntries {
		found = found[:auditEntries]
		page.Older = auditAddress(q, found[auditEntries-1].Seq)
	}
	for _, e := range found {
		page.Entries = append(page.Entries, auditEntry(e, page.MayExport))
	}
	return showLive(w, r, page, s.pages.Audit, s.pages.AuditSince)
}

// journalFilter reads the query of the page and of the export.
func (s *Server) journalFilter(q url.Values) (f store.JournalFilter, err error) {
	f = store.JournalFilter{
		Actor: sources.OneLine(q.Get("actor"), sources.MaxText), Action: q.Get("action"), ChangeKey: strings.TrimSpace(q.Get("change")),
		Service: s.canonicalName(strings.TrimSpace(q.Get("service"))), Limit: auditEntries + 1,
	}
	f.Before, _ = strconv.ParseInt(q.Get("before"), 10, 64)
	if since := q.Get("since"); strings.TrimSpace(since) != "" {
		if f.From, err = s.momentOf(since); err != nil {
			return f, err
		}
	}
	if until := q.Get("until"); strings.TrimSpace(until) != "" {
		f.To, err = s.momentOf(until)
	}
	return f, err
}

func actionChoices(chosen string) []web.Choice {
	all := []web.Choice{{Label: "everything"}}
	for _, action := range slices.Sorted(maps.Keys(entrySentences)) {
		all = append(all, web.Choice{Value: action, Label: action, Chosen: action == chosen})
	}
	return all
}

// auditAddress is the address of the page before an entry, with the same filters; of the first page for 0.
func auditAddress(q url.Values, before int64) string {
	q = maps.Clone(q)
	q.Del("before")
	if before > 0 {
		q.Set("before", strconv.FormatInt(before, 10))
	}
	if len(q) == 0 {
		return "/audit"
	}
	return "/audit?" + q.Encode()
}

// exportAddress is the address of the lines of a time. The times are exact, so that the file is what the page showed.
func exportAddress(f store.JournalFilter) string {
	q := url.Values{}
	for name, at := range map[string]time.Time{"since": f.From, "until": f.To} {
		if !at.IsZero() {
			q.Set(name, at.Format(time.RFC3339))
		}
	}
	if len(q) == 0 {
		return "/v1/audit/export"
	}
	return "/v1/audit/export?" + q.Encode()
}

// chainView joins what the checks of new entries and of everything found. A fault of either is one.
func chainView(checks map[string]store.JournalCheck, newest int64) web.Chain {
	last, whole := checks[store.NewEntriesCheck], checks[store.WholeCheck]
	c := web.Chain{
		Fault: last.Fault, FaultAt: last.FaultAt, NewAt: last.At, NewBy: last.Replica, WholeAt: whole.At, WholeBy: whole.Replica,
		First: whole.First, Through: last.Through, Hash: last.Hash, Newer: max(0, newest-last.Through),
	}
	if whole.Fault != "" {
		c.Fault, c.FaultAt = whole.Fault, whole.FaultAt
	}
	return c
}

// auditEntry is an entry in words. Readers get the details that the page of its change shows them; all others may hold
// what only those may know who may change something, such as the paths of files.
func auditEntry(e store.FoundEntry, all bool) web.AuditEntry {
	v := web.AuditEntry{
		Seq: e.Seq, At: e.At, Actor: e.Actor, Action: e.Action, Words: entryWords(e.Entry), Service: e.Service, Environment: e.Environment, Version: e.Version,
	}
	if e.Service != "" {
		v.Change = e.ChangeKey
	}
	if all || e.Service != "" {
		v.Detail = indented(replay.Readable(e.Action, e.Detail))
	}
	return v
}

// indented is JSON for people, of which long details are cut.
func indented(detail json.RawMessage) string {
	if len(detail) == 0 {
		return ""
	}
	var b bytes.Buffer
	if json.Indent(&b, detail, "", "  ") != nil {
		return ""
	}
	if b.Len() > maxDetail {
		return strings.ToValidUTF8(b.String()[:maxDetail], "") + "\n… the export has the rest"
	}
	return b.String()
}
