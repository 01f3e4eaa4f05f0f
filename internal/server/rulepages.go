package server

import (
	"fmt"
	"net/http"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/internal/identity"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/rules"
)

func (s *Server) rulesPage(w http.ResponseWriter, r *http.Request) error {
	all, err := s.Rules.Standings(r.Context())
	if err != nil {
		return s.storeProblem(err)
	}
	page := web.Rules{Frame: s.frame(r, "Rules"), Said: said(r), Standings: standings(all, "")}
	s.markMovable(r, page.Frame, page.Standings)
	if s.Details != nil {
		u := s.Details.Uncovered()
		page.Services, page.Uncovered = u.Services, u.Names
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	return s.pages.Rules(w, page)
}

func (s *Server) rulePage(w http.ResponseWriter, r *http.Request) error {
	b, err := s.Rules.Budget(r.Context(), r.PathValue("rule"))
	if err != nil {
		return s.ruleProblem(err)
	}
	all, err := s.Rules.Standings(r.Context())
	if err != nil {
		return s.storeProblem(err)
	}
	page := ruleView(b)
	if err := s.addDetails(r.Context(), &page); err != nil {
		return err
	}
	page.Frame, page.Said, page.Standings = s.frame(r, b.Rule), said(r), standings(all, b.Rule)
	s.markMovable(r, page.Frame, page.Standings)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	return s.pages.Rule(w, page)
}

// markMovable marks the standings that the reader may change.
func (s *Server) markMovable(r *http.Request, f web.Frame, shown []web.Standing) {
	for i := range shown {
		shown[i].MayMove = f.MayOperate && s.checkTeam(r.Context(), identity.Operate, shown[i].Service) == nil
	}
}

// standings returns the standings of one rule, or of all if rule is "".
func standings(all []api.RuleTrust, rule string) (shown []web.Standing) {
	for _, s := range all {
		if rule == "" || s.Rule == rule {
			shown = append(shown, web.Standing{
				Rule: s.Rule, Team: s.Team, Place: s.Place, Service: s.Service, Mode: s.Effective, Written: s.Written, Why: s.Why,
				Ended: s.Record.Ended, Fired: s.Record.Fired, FalseAlarms: s.Record.FalseAlarms, Replayed: replayed(s.Backtest),
				Saves: s.Record.Saves, LastFire: lastFire(s), Measured: measured(s.Record), Next: earned(s), Lower: s.Given != rules.Observe.String(),
			})
		}
	}
	return shown
}

func replayed(b *api.RuleBacktest) string {
	if b == nil {
		return ""
	}
	return web.Replayed(b.FalseAlarms, b.Judged)
}

func ruleView(b api.RuleBudget) web.Rule {
	page := web.Rule{
		Name: b.Rule, Team: b.Team, Place: b.Place, Text: b.Text,
		Budget: web.Often(b.FalsePages, "false page", "week") + ", " + web.Often(b.FalseRollbacks, "false rollback", "quarter"),
		Levels: []web.Level{
			level("likely", b.Thresholds.Likely, b.Defaults.Likely, b.MostPages, "false page", "week"),
			level("certain", b.Thresholds.Certain, b.Defaults.Certain, b.MostRollbacks, "false rollback", "quarter"),
		},
	}
	if b.Watched != nil {
		page.Watched = web.Number(*b.Watched, "")
	}
	for _, p := range b.Power {
		page.Powers = append(page.Powers, web.Power{
			Service: p.Service, Signal: p.Signal, Likely: web.Signed(p.Likely, p.Unit), LikelyUsual: web.Signed(p.DefaultLikely, p.Unit),
			Certain: web.Signed(p.Certain, p.Unit), CertainUsual: web.Signed(p.DefaultCertain, p.Unit),
		})
	}
	return page
}

func level(grade string, p, usual float64, most *float64, what, period string) web.Level {
	l := web.Level{Grade: grade, P: fmt.Sprintf("%.2g", p), Default: fmt.Sprintf("%.2g", usual)}
	if most != nil {
		l.Most = web.Often(*most, what, period)
	}
	return l
}
