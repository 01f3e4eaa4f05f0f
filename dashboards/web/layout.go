package web

import "slices"

// What a page of a change shows at once. The rest is folded, so that people see the worst without scrolling.
const (
	listedSignals = 5 // rows of a watch's table
	drawnSignals  = 3 // plots of the whole page
	openWatches   = 2
)

var gradeOrder = []string{"none", "suspect", "likely", "certain"}

// Arrange puts the worst watches and signals first, and folds what is beyond what a page shows at once. The plots of
// each watch come into the order of its signals.
func (c *Change) Arrange() {
	slices.SortStableFunc(c.Watches, func(a, b Watch) int { return b.worst() - a.worst() })
	left := drawnSignals
	for i := range c.Watches {
		w := &c.Watches[i]
		w.Folded = i >= openWatches || i > 0 && w.worst() <= 0
		for _, p := range w.Parts {
			slices.SortStableFunc(p.Rows, worstFirst)
		}
		w.arrange(&left)
		w.shareNotes()
	}
}

// shareNotes takes what is noted of every signal out of each of them, to be said once.
func (w *Watch) shareNotes() {
	if len(w.Signals) < 2 {
		return
	}
	for _, note := range w.Signals[0].Notes {
		lacks := func(s Signal) bool { return !slices.Contains(s.Notes, note) }
		if !slices.ContainsFunc(w.Signals, lacks) && !slices.Contains(w.Notes, note) {
			w.Notes = append(w.Notes, note)
		}
	}
	for i := range w.Signals {
		s := &w.Signals[i]
		s.Notes = slices.DeleteFunc(slices.Clone(s.Notes), func(note string) bool { return slices.Contains(w.Notes, note) })
	}
}

// worst is the highest grade of the watch, that of its signals included.
func (w Watch) worst() int {
	worst := slices.Index(gradeOrder, w.Grade)
	for _, s := range w.Signals {
		worst = max(worst, slices.Index(gradeOrder, s.Grade))
	}
	return worst
}

func worstFirst(a, b Signal) int {
	return slices.Index(gradeOrder, b.Grade) - slices.Index(gradeOrder, a.Grade)
}

func (w *Watch) arrange(left *int) {
	slices.SortStableFunc(w.Signals, worstFirst)
	for i := range w.Signals {
		s := &w.Signals[i]
		s.Listed = i < listedSignals
		if s.Drawn = s.Listed && *left > 0 && !w.Folded; s.Drawn {
			*left--
		}
		if w.Plots != nil {
			w.Plots.Signals[i] = s.Plot
		}
	}
}

// Unlisted is how many signals are folded away, with their rows.
func (w Watch) Unlisted() int { return max(0, len(w.Signals)-listedSignals) }

// Undrawn is how many plots are folded away.
func (w Watch) Undrawn() (n int) {
	for _, s := range w.Signals {
		if !s.Drawn {
			n++
		}
	}
	return n
}

// Shown is the watch with the signals whose rows are shown at once alone.
func (w Watch) Shown() Watch { return w.only(true) }

// Hidden is the watch with the signals whose rows are folded away alone.
func (w Watch) Hidden() Watch { return w.only(false) }

func (w Watch) only(listed bool) Watch {
	w.Signals = slices.DeleteFunc(slices.Clone(w.Signals), func(s Signal) bool { return s.Listed != listed })
	return w
}

// AddSignal adds the evidence of a signal. A part is listed with the others of its signal. It has a plot as well where it
// moved.
func (w *Watch) AddSignal(s Signal) {
	if s.Part == "" || s.Grade != "none" {
		w.Signals = append(w.Signals, s)
	}
	if s.Part == "" {
		return
	}
	i := slices.IndexFunc(w.Parts, func(p Parts) bool { return p.Of == s.Part })
	if i < 0 {
		i, w.Parts = len(w.Parts), append(w.Parts, Parts{Of: s.Part})
	}
	w.Parts[i].Rows = append(w.Parts[i].Rows, s)
}
