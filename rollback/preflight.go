package rollback

import "fmt"

// Check is one thing that a preflight checked. It passed if Problem and Skipped
// are empty.
//
// See adr/0045.
type Check struct {
	What      string `json:"what"`
	Problem   string `json:"problem,omitempty"`
	Hint      string `json:"hint,omitempty"`
	Skipped   string `json:"skipped,omitempty"` // why it was not checked: it needs a plan, or nothing gives the answer
	Temporary bool   `json:"passing,omitempty"` // the problem may go away by itself, such as a deploy tool that does not answer
}

// Problems returns the checks that found a problem.
func Problems(checks []Check) (bad []Check) {
	for _, c := range checks {
		if c.Problem != "" {
			bad = append(bad, c)
		}
	}
	return bad
}

// String is the check in one line, for messages and logs.
func (c Check) String() string {
	switch {
	case c.Problem == "" && c.Skipped == "":
		return c.What
	case c.Problem == "":
		return fmt.Sprintf("%s: not checked: %s", c.What, c.Skipped)
	case c.Hint == "":
		return fmt.Sprintf("%s: %s", c.What, c.Problem)
	}
	return fmt.Sprintf("%s: %s (%s)", c.What, c.Problem, c.Hint)
}
