package rollback

// moves is the diagram of the package comment, row by row. Final states have
// no row.
var moves = map[State][]State{
	Proposed: {Approved, Cancelled, Expired, Refused},
	Approved: {Decided, Cancelled, Expired, Refused},
	Decided:  {Sending, Proposed, Cancelled, Expired, Refused},
	Sending:  {Done, Failed, Unknown},
}

// CanMove says whether an order may go from s to to in one step. Staying is
// not a move.
func (s State) CanMove(to State) bool {
	for _, next := range moves[s] {
		if next == to {
			return true
		}
	}
	return false
}

// Final says whether an order in this state is over. A state this package
// does not know is final: nothing may be sent from it.
func (s State) Final() bool { return len(moves[s]) == 0 }
