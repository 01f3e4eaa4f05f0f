package changes

import "net/http"

// Asker is a Source whose tool holds deployments back and asks by webhook whether they may go on. Question reads a
// verified delivery; nil without an error: the delivery asks nothing, and is for Parse.
type Asker interface {
	Question(h http.Header, body []byte) (*Question, error)
}

// Question is a deployment that waits at its tool for an answer. Nothing has begun yet, so it is no event.
type Question struct {
	Deployment  string // the tool's id of the deployment, out of the signed body: the same at a redelivery
	Repository  string // owner/name
	Service     string // as events of the source name it
	Environment string // that it waits for, in Pushback's words
	ToolsWord   string // the same as the tool calls it
	Version     string
	Callback    string // where the tool wants the answer; nobody has checked the address
}
