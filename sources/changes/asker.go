package changes

import "net/http"

// Asker is a Source whose tool holds deployments, or merge requests, back and asks by webhook whether they may go on. Question reads a
// verified delivery; nil without an error: the delivery asks nothing, and is for Parse.
type Asker interface {
	Question(h http.Header, body []byte) (*Question, error)
}

// Question is a deployment, or a merge request, that waits at its tool for an answer. Nothing has begun yet, so it is no
// event.
type Question struct {
	Deployment  string // the tool's id of what waits, out of the signed body: the same at a redelivery
	Repository  string // owner/name
	Service     string // as events of the source name it
	Environment string // that it waits for, in Pushback's words; of a merge request, the target branch
	ToolsWord   string // the same as the tool calls it
	Version     string
	Callback    string // where the tool wants the answer, an address or a path; nobody has checked it
}
