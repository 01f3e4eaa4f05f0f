package detector

import "fmt"

// useEdge judges a slow fraction at another edge than its own: by its before window alone,
// because what was learned and the rule's limit are of its own edge.
//
// See adr/0076.
func (t *trial) useEdge() {
	if t.reading.Edge == 0 {
		return
	}
	t.profile, t.signal.Limit = Profile{}, nil
	t.note(fmt.Sprintf("The histogram's bucket edges differ before and after the change. This is judged at le=\"%g\", the nearest edge that both have, and not by the rule's limit, which is of another edge.", t.reading.Edge))
}
