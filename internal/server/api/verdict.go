package api

// Verdict is what is known of one version of a service, for tools that ask whether to go on with
// it. It is answered at once, while the version is watched as well.
type Verdict struct {
	Service     string          `json:"service"`
	Environment string          `json:"environment"`
	Version     string          `json:"version"`
	Known       bool            `json:"known" doc:"Whether a change of this service to this version was reported"`
	Result      string          `json:"result" enum:"unknown,pending,ok,bad,undecided" doc:"One word to decide by. unknown: no such change was reported. pending: its watches go on. ok: all of them ended healthy. bad: it regressed or is certainly bad. undecided: the watches ended, and cannot tell"`
	State       string          `json:"state" enum:"unknown,unwatched,waiting,watching,healthy,regressed,inconclusive,blind,superseded" doc:"As of a change in GET /v1/changes"`
	Grade       string          `json:"grade" enum:"none,suspect,likely,certain"`
	Reason      string          `json:"reason" doc:"One sentence for a log; never empty"`
	Change      string          `json:"change,omitempty" doc:"Key of the change that decides: of several regions, kinds or groups the one that does worst"`
	Order       string          `json:"order,omitempty" doc:"State of its rollback order; absent if there is none"`
	Page        string          `json:"page,omitempty" doc:"Address of its page"`
	Changes     []VerdictChange `json:"changes" doc:"The newest change of each region, kind and group that brought the version"`
	Data        VerdictData     `json:"data" doc:"The same for conditions, as of the web metric provider of Argo Rollouts"`
}

// VerdictChange is one of the changes that a verdict is made of.
type VerdictChange struct {
	Key    string `json:"key"`
	Region string `json:"region,omitempty"`
	Kind   string `json:"kind"`
	Group  string `json:"group,omitempty"`
	State  string `json:"state"`
	Grade  string `json:"grade"`
	Result string `json:"result" enum:"pending,ok,bad,undecided"`
}

// VerdictData is for a successCondition with jsonPath {$.data}. A version that nobody could judge
// is neither ok nor bad.
type VerdictData struct {
	OK      bool `json:"ok" doc:"All watches ended healthy"`
	OKSoFar bool `json:"ok_so_far" doc:"ok; or every open watch has just looked, could read its signals and found nothing. Less than ok: a watch ends healthy only after the rollout and the bake"`
	Bad     bool `json:"bad" doc:"It regressed, was marked bad, or is certainly bad while it is still watched, also by a rule that only observes"`
	Pending bool `json:"pending" doc:"Ask again: nobody has reported it yet, or its watches go on"`
}
