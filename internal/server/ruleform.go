package server

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/internal/identity"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
)

// addDetails adds what the rule watches, does and did last.
func (s *Server) addDetails(ctx context.Context, page *web.Rule) error {
	if s.Details == nil {
		return nil
	}
	d, err := s.Details.Details(ctx, page.Name)
	if err != nil {
		return s.ruleProblem(err)
	}
	page.HasDetails, page.Watches, page.For, page.Covers, page.Misses = true, d.Watches, d.For, d.Covers, d.Misses
	for _, signal := range d.Signals {
		page.Signals = append(page.Signals, webSignal(signal))
	}
	for _, line := range d.Respond {
		page.Respond = append(page.Respond, web.RuleResponse{When: line.When, Does: line.Does, Tells: line.Tells})
	}
	for _, f := range d.Fires {
		page.Fires = append(page.Fires, web.RuleFire{Change: f.Change, Service: f.Service, At: f.At, Came: cameOf(f)})
	}
	return nil
}

func webSignal(s api.RuleSignal) web.RuleSignal {
	return web.RuleSignal{Name: s.Name, Worse: s.Worse, Smallest: s.Smallest, Limit: s.Limit, Parts: s.Parts, From: s.From}
}

// cameOf is what a fire came to.
func cameOf(f api.RuleFire) string {
	switch {
	case f.FalseAlarm:
		return "a false alarm, as a person said"
	case f.Saved:
		return "rolled back, and that helped"
	}
	return "likely or certain of harm"
}

// measured is how a rule did so far, in words.
func measured(r api.RuleRecord) string {
	if r.Ended == 0 {
		return "It has not judged a change to its end yet."
	}
	said := fmt.Sprintf("Of %s that it judged to the end, %d were clean. ", plural(r.Ended, "change"), r.Clean)
	if r.Fired == 0 {
		return said + "It never fired."
	}
	said += fmt.Sprintf("It fired %s", plural(r.Fired, "time"))
	if r.Saves > 0 {
		said += fmt.Sprintf(", and %s helped", plural(r.Saves, "rollback"))
	}
	if r.FalseAlarms == 0 {
		return said + "; nobody called that a false alarm."
	}
	return said + fmt.Sprintf("; people called %s, %s of all changes.", plural(r.FalseAlarms, "false alarm"), web.Number(float64(r.FalseAlarms)/float64(r.Ended), "fraction"))
}

func plural(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

func lastFire(t api.RuleTrust) time.Time {
	if t.Record.LastFire == nil {
		return time.Time{}
	}
	return *t.Record.LastFire
}

// earned is the mode that waits for a person to grant it; "" for none.
func earned(t api.RuleTrust) string {
	if !t.Proposed {
		return ""
	}
	return t.Next
}

// standingOf is how a rule stands with the service of a query.
func (s *Server) standingOf(r *http.Request) (api.RuleTrust, error) {
	all, err := s.Rules.Standings(r.Context())
	if err != nil {
		return api.RuleTrust{}, s.storeProblem(err)
	}
	rule, service := r.PathValue("rule"), r.URL.Query().Get("service")
	if err := s.checkTeam(r.Context(), identity.Operate, service); err != nil {
		return api.RuleTrust{}, err
	}
	i := slices.IndexFunc(all, func(t api.RuleTrust) bool { return t.Rule == rule && t.Service == service })
	if i < 0 {
		return api.RuleTrust{}, s.ruleProblem(fmt.Errorf("no rule in force is called %q, or it has no record of %q: %w", sources.OneLine(rule, sources.MaxName), sources.OneLine(service, sources.MaxName), store.ErrNotFound))
	}
	return all[i], nil
}

func serviceWords(service string) string {
	if service == store.EveryService {
		return "every service without a record of its own"
	}
	return service
}

func (s *Server) confirmPromote(w http.ResponseWriter, r *http.Request) error {
	t, err := s.standingOf(r)
	if err != nil {
		return err
	}
	if earned(t) == "" {
		return s.ruleProblem(fmt.Errorf("rule %s has not earned a step for %s: %s: %w", t.Rule, serviceWords(t.Service), t.Why, store.ErrConflict))
	}
	follows := "From its next verdict on it asks people to roll back."
	if t.Next == rules.Act.String() {
		follows = "From its next verdict on it rolls back without asking, where the guards let it. A rollback that is sent cannot be taken back."
	}
	return s.showConfirm(w, r, web.Confirm{
		Question: "Promote " + t.Rule + " to " + t.Next + "?", Text: []string{"For " + serviceWords(t.Service) + ". " + measured(t.Record), t.Why, follows},
		Hidden: []web.Field{{Name: "service", Value: t.Service}}, Action: ruleAddress(t.Rule) + "/promote", Button: "Promote", Back: ruleAddress(t.Rule),
	})
}

func (s *Server) confirmDemote(w http.ResponseWriter, r *http.Request) error {
	t, err := s.standingOf(r)
	if err != nil {
		return err
	}
	if t.Given == rules.Observe.String() {
		return s.ruleProblem(fmt.Errorf("rule %s only observes already: %w", t.Rule, store.ErrConflict))
	}
	return s.showConfirm(w, r, web.Confirm{
		Question: "Demote " + t.Rule + " to observe?", Text: []string{"For " + serviceWords(t.Service) + ". " + measured(t.Record), "It rolls nothing back from now on, and must earn each step anew."},
		Hidden: []web.Field{{Name: "service", Value: t.Service}}, Action: ruleAddress(t.Rule) + "/demote", Button: "Demote", Back: ruleAddress(t.Rule),
	})
}

func ruleAddress(rule string) string { return "/rules/" + url.PathEscape(rule) }

// trustFromPage reads a form about the trust in a rule. Roles, guards and the journal are those of the API.
func trustFromPage(r *http.Request) (*trustInput, error) {
	d, err := formDecision(r)
	return &trustInput{Rule: r.PathValue("rule"), Body: api.TrustDecision{Service: field(r, "service", sources.MaxName), Actor: d.Actor, Why: d.Why}}, err
}

func (s *Server) promoteFromPage(r *http.Request) (page, did string, err error) {
	in, err := trustFromPage(r)
	if err != nil {
		return "", "", err
	}
	_, err = s.promote(r.Context(), in)
	return ruleAddress(in.Rule), "promote", err
}

func (s *Server) demoteFromPage(r *http.Request) (page, did string, err error) {
	in, err := trustFromPage(r)
	if err != nil {
		return "", "", err
	}
	_, err = s.demote(r.Context(), in)
	return ruleAddress(in.Rule), "demote", err
}
