package web

import "io"

// Docs is the reference of the HTTP API, by subject.
type Docs struct {
	Frame
	Groups []OperationGroup
}

// OperationGroup is the operations of one subject.
type OperationGroup struct {
	ID, Name   string
	Operations []Operation
}

// Operation is one method at one path.
type Operation struct {
	ID, Method, Path, Summary, Description string

	Parameters []Parameter
	Request    *Body // nil: it has none
	Answers    []Body
	Curl       string // a command that works, with the example as its body
}

// Parameter is one part of an operation's path or query.
type Parameter struct {
	Name, In, Type, Description string
	Required                    bool
}

// Body is what is sent or answered.
type Body struct {
	Status      string // of an answer; "" for a request
	Description string
	Type        string // application/json
	Fields      []SchemaField
	Example     string // JSON; "" for none
}

// SchemaField is a field of a body. Where its value has fields of its own, they are folded into it.
type SchemaField struct {
	Name, Type, Description string
	Required                bool
	Fields                  []SchemaField
	As                      string // the name of a type whose fields are shown at another place already
}

// Docs writes the reference of the HTTP API.
func (p *Pages) Docs(w io.Writer, d Docs) error { return p.write(w, "docs", &d.Frame, &d) }
