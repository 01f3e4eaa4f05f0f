package web

// Badge is a state as a mark, a word and a colour. The mark and the word say
// it all; the colour only helps to find it.
type Badge struct {
	Word string
	Tone string // good, bad, warn, busy or quiet: a class of the style sheet
	Mark string // the name of the icon
}

// BadgeOf gives the badge of a watch's state. A watch that is still looking
// shows how worried it is.
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

// GradeBadge gives the badge of how sure the evidence is.
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

// OrderBadge gives the badge of an order's state.
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
