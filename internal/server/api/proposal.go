package api

// NewProposal asks people to roll a change back.
type NewProposal struct {
	Actor string `json:"actor,omitempty" maxLength:"200" doc:"Who proposes it, a person or a program: a name, for the journal. Whoever signed in is named by that instead, and a named token beside it"`
	Why   string `json:"why" minLength:"1" maxLength:"1000" doc:"The reason, in one line"`
}

// Proposal says what came of a proposal. Nothing is rolled back by it.
type Proposal struct {
	Change   string   `json:"change" doc:"Key of the change"`
	Order    string   `json:"order,omitempty" doc:"State of the order that a rule has made; absent: there is none, so that nothing can be approved"`
	Notified []string `json:"notified" doc:"The receivers that are asked to look; nobody where a rule has made an order, because they were told then"`
	Page     string   `json:"page" doc:"Address of the change's page"`
	Next     string   `json:"next" doc:"What a person may do now"`
}
