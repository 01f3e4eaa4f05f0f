package daemon

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/internal/wall"
)

// checkWall notes the queries of main signals that are not in the language of their store.
func (b *builder) checkWall(built Built) {
	for i, s := range b.config.Wall {
		name := s.Store
		if name == "" {
			name = b.config.DefaultMetrics
		}
		store, known := built.Metrics[name]
		if !known {
			continue // its own mistake says so
		}
		if err := store.Language().Parse(s.Expr(15 * time.Second)); err != nil {
			b.note(fmt.Sprintf("wall[%d].query", i), err)
		}
	}
}

// newWall returns what reads the main signals; without any it has nothing to do.
func newWall(c config.Config, built Built, log *slog.Logger) *wall.Wall {
	stores := map[string]wall.Store{}
	for name, s := range built.Metrics {
		stores[name] = s
	}
	if s, known := built.Metrics[c.DefaultMetrics]; known {
		stores[""] = s
	}
	return wall.New(c.Wall, stores, time.Now, log.With("component", "wall"))
}
