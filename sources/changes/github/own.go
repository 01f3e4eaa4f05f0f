package github

import "strings"

// OwnDescription begins the description of every deployment status that notify/github writes. GitHub delivers it
// back to us: read as what the deploy tool says, our verdict on a change would become its end.
const OwnDescription = "Pushback: "

// own reports whether the status is Pushback's verdict.
func (s status) own() bool { return strings.HasPrefix(s.Description, OwnDescription) }
