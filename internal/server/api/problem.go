package api

import "strings"

// ProblemType is the media type of every error, RFC 9457.
const ProblemType = "application/problem+json"

// Problem is the form of every error of the API: an RFC 9457 problem with a hint,
// and for an ambiguous name the keys that it may mean.
type Problem struct {
	Status int      `json:"status" example:"404"`
	Title  string   `json:"title" example:"Not Found"`
	Detail string   `json:"detail" doc:"What went wrong, in one line"`
	Hint   string   `json:"hint,omitempty" doc:"What to do about it"`
	Keys   []string `json:"keys,omitempty" doc:"Keys of the changes that an ambiguous name may mean"`
}

// Error returns the detail, and the hint in parentheses if there is one.
func (p *Problem) Error() string {
	if p.Hint == "" {
		return p.Detail
	}
	return strings.TrimSuffix(p.Detail, ".") + " (" + p.Hint + ")"
}

// GetStatus returns the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType returns ProblemType, whichever JSON type was negotiated.
func (p *Problem) ContentType(string) string { return ProblemType }
