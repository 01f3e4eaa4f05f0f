package rollback

// transitions are the transitions of the diagram in the package comment. Final
// states have no entry.
var transitions = map[State][]State{
	Proposed: {Approved, Cancelled, Expired, Refused},
	Approved: {Decided, Cancelled, Expired, Refused},
	Decided:  {Sending, Proposed, Cancelled, Expired, Refused},
	Sending:  {Done, Failed, Unknown},
}

// CanMove reports whether an order may go from s to to in one step. Staying in a
// state is not a step.
func (s State) CanMove(to State) bool {
	for _, next := range transitions[s] {
		if next == to {
			return true
		}
	}
	return false
}

// Final reports whether an order in this state is over. An unknown state is
// final, so that nothing is sent from it.
func (s State) Final() bool { return len(transitions[s]) == 0 }
