package store

import (
	"context"
	"slices"
)

// OpenChanges lists the changes with a watch that has not ended: those that a watch
// suspects first, and then the newest. The filter's Before is left out of account.
func (s *Store) OpenChanges(ctx context.Context, f ChangeFilter) ([]Change, error) {
	if f.Limit <= 0 {
		f.Limit = 50
	}
	suspected, err := s.openChanges(ctx, f, "running AND suspected")
	if err != nil || len(suspected) >= f.Limit {
		return suspected, wrap(err, "list suspected changes")
	}
	all, err := s.openChanges(ctx, f, "running")
	known := map[string]bool{}
	for _, c := range suspected {
		known[c.Key] = true
	}
	rest := slices.DeleteFunc(all, func(c Change) bool { return known[c.Key] })
	found := slices.Concat(suspected, rest)
	return found[:min(len(found), f.Limit)], wrap(err, "list open changes")
}

// openChanges lists the changes with a watch that meets a condition, newest first.
func (s *Store) openChanges(ctx context.Context, f ChangeFilter, condition string) ([]Change, error) {
	var c conditions
	c.all = append(c.all, condition)
	c.addUnlessEmpty("service = ", f.Service)
	query := selectChange + `WHERE key IN (SELECT change_key FROM watches ` + c.where() + `)`
	if f.Environment != "" {
		query += ` AND ` + environmentIs + c.mark(f.Environment)
	}
	// The + keeps the planner from reading all changes by time until enough of them are found.
	query += ` ORDER BY +started_at DESC, sequence DESC LIMIT ` + c.mark(f.Limit)
	return collect(ctx, s.read, scanChange, query, c.args...)
}
