package detector

// Judge says what one look shows of a change.
func Judge(p Plan, k Profiles, o Observation) Verdict {
	return Verdict{Rule: p.Rule, At: o.At, Reason: StillWatching, Method: Method}
}
