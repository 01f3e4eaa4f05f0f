package web

// Badge is a state as a mark, a word and a colour. The mark and the word are enough without
// the colour.
type Badge struct {
	Word string
	Tone string // good, bad, warn, busy or quiet: a class of the style sheet
	Mark string // the name of the icon
}

// BadgeOf is the badge of a watch's state. A watch that is open shows its grade.
func BadgeOf(state, grade string) Badge {
	switch state {
	case "healthy":
		return Badge{"Healthy", "good", "check"}
	case "regressed":
		return Badge{"Regressed", "bad", "down"}
	case "blind":
		return Badge{"Blind", "warn", "eye"}
	case "inconclusive":
		return Badge{"Inconclusive", "quiet", "ask"}
	case "superseded":
		return Badge{"Superseded", "quiet", "skip"}
	case "watching":
		return watching(grade)
	case "waiting":
		return Badge{"Waiting", "busy", "clock"}
	}
	return Badge{"Not watched", "quiet", "none"}
}

func watching(grade string) Badge {
	switch grade {
	case "certain", "likely":
		b := GradeBadge(grade)
		b.Word += " harm"
		return b
	case "suspect":
		return GradeBadge(grade)
	}
	return Badge{"Watching", "busy", "clock"}
}

// GradeBadge is the badge of a grade.
func GradeBadge(grade string) Badge {
	switch grade {
	case "certain":
		return Badge{"Certain", "bad", "down"}
	case "likely":
		return Badge{"Likely", "bad", "down"}
	case "suspect":
		return Badge{"Suspect", "warn", "ask"}
	}
	return Badge{"None", "quiet", "none"}
}

// OrderBadge is the badge of an order's state.
func OrderBadge(state string) Badge {
	switch state {
	case "proposed":
		return Badge{"Rollback proposed", "warn", "ask"}
	case "approved", "decided":
		return Badge{"Rollback decided", "busy", "clock"}
	case "sending":
		return Badge{"Rolling back", "busy", "clock"}
	case "done":
		return Badge{"Rolled back", "busy", "back"}
	case "failed":
		return Badge{"Rollback failed", "bad", "down"}
	case "unknown":
		return Badge{"Outcome unknown", "bad", "ask"}
	}
	return Badge{"Rollback " + state, "quiet", "skip"}
}
