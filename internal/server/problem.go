package server

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/sources"
)

// maxReason is the length of the longest detail of a problem, in bytes.
const maxReason = 300

// problem makes a problem. Its detail may quote what a request contained.
func problem(status int, detail, hint string) *api.Problem {
	return &api.Problem{Status: status, Title: http.StatusText(status), Detail: sources.OneLine(detail, maxReason), Hint: hint}
}

func writeProblem(w http.ResponseWriter, p *api.Problem) {
	w.Header().Set("Content-Type", api.ProblemType)
	writeBody(w, p.Status, p)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	writeBody(w, status, v)
}

// writeBody ignores a failed write: the client has gone, and what was stored
// stays stored. The answer has a length, so that it is whole before the rest of the request is.
func writeBody(w http.ResponseWriter, status int, v any) {
	text, err := json.Marshal(v)
	if err != nil { // no answer has a type that cannot be encoded
		status, text = http.StatusInternalServerError, nil
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(text)+1))
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n'))
}

// tokenProblem answers a request that may not do what it asks for: without a token, or with a wrong
// one.
func (s *Server) tokenProblem(r *http.Request) *api.Problem {
	const hint = "send Authorization: Bearer TOKEN, with a named token or a line of the token file"
	written := r.Header.Get("Authorization")
	if ended := s.endedToken(r); ended != "" {
		return problem(http.StatusUnauthorized, ended, "make a new one with `pushback tokens create`")
	}
	switch {
	case s.TokenFile == "" && s.SignIn == nil:
		return problem(http.StatusUnauthorized, "this server has no tokens, so that nothing can be changed over HTTP", "set token_file in pushback.yml and send one of its tokens")
	case givenToken(r) != "":
		return problem(http.StatusUnauthorized, "this token is wrong: it is no line of the token file, and no named token", hint)
	case written != "" && !strings.HasPrefix(written, "Bearer "):
		return problem(http.StatusUnauthorized, "a token is needed, and the header Authorization does not begin with Bearer", hint)
	}
	return problem(http.StatusUnauthorized, "a token is needed", hint)
}

// bodyHint says how a body is to be sent that is no event at all, and else where the schema is.
func bodyHint(reason string) string {
	if strings.Contains(reason, "not a JSON object") {
		return "send one event, {…}; curl sends a file by --data @FILE"
	}
	if strings.HasPrefix(reason, "map.") {
		return "`pushback sources try` shows what each expression of the source's map gives"
	}
	return "the schema is at /openapi.json"
}

// useProblemsInHuma makes huma answer with api.Problem for the errors that it
// finds itself. It runs once, because huma has a package variable for that.
var useProblemsInHuma = sync.OnceFunc(func() {
	huma.NewError = func(status int, detail string, errs ...error) huma.StatusError {
		p := problem(status, detail, "")
		if status >= http.StatusInternalServerError {
			return p
		}
		for _, err := range errs {
			if err != nil {
				return problem(status, detail+": "+err.Error(), "the schema is at /openapi.json")
			}
		}
		return p
	}
})
