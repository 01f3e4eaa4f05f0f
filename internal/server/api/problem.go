package api

import "strings"

// ProblemType is the media type of every error, RFC 9457.
const ProblemType = "application/problem+json"

// Problem is the one shape of every error of the API: an RFC 9457 problem
// with a hint, and the keys to choose from where a name was ambiguous.
type Problem struct {
	Status int      `json:"status" example:"404"`
	Title  string   `json:"title" example:"Not Found"`
	Detail string   `json:"detail" doc:"What went wrong, in one line"`
	Hint   string   `json:"hint,omitempty" doc:"What to do about it"`
	Keys   []string `json:"keys,omitempty" doc:"The changes an ambiguous name could mean"`
}

// Error is the detail, and the hint where there is one.
func (p *Problem) Error() string {
	if p.Hint == "" {
		return p.Detail
	}
	return strings.TrimSuffix(p.Detail, ".") + " (" + p.Hint + ")"
}

// GetStatus is the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType makes any negotiated JSON the problem type.
func (p *Problem) ContentType(string) string { return ProblemType }
