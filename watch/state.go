package watch

// State is how far a watch has come. The package comment shows the transitions.
type State string

// The two open states and the five final ones.
const (
	Waiting      State = "waiting"
	Watching     State = "watching"
	Healthy      State = "healthy"
	Regressed    State = "regressed"
	Inconclusive State = "inconclusive"
	Blind        State = "blind"
	Superseded   State = "superseded"
)

// FinalStates are those in which a watch has ended.
var FinalStates = []State{Healthy, Regressed, Inconclusive, Blind, Superseded}

// Open says whether a watch in this state still looks.
func (s State) Open() bool { return s == Waiting || s == Watching }
