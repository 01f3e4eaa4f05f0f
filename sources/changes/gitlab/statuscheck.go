package gitlab

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/pushback/pushback/sources/changes"
)

// checkSignature is the header by which an external status check with a shared secret proves itself: the hex HMAC-SHA256
// of the body, without a prefix and without a time. It stands here as Go's canonical form of GitLab's X-GitLab-Signature.
const checkSignature = "X-Gitlab-Signature"

// checkField is the part of a delivery that makes it the question of an external status check; see
// docs.gitlab.com/api/status_checks/#example-payload-sent-to-external-service.
const checkField = "external_approval_rule"

// checkDelivery holds the fields of such a question that are read.
type checkDelivery struct {
	Kind  string `json:"object_kind"`
	Merge struct {
		IID        int64  `json:"iid"`
		State      string `json:"state"`
		Target     string `json:"target_branch"`
		TargetID   int64  `json:"target_project_id"`
		LastCommit struct {
			ID string `json:"id"`
		} `json:"last_commit"`
	} `json:"object_attributes"`
	Project project `json:"project"`
	Check   struct {
		ID int64 `json:"id"`
	} `json:"external_approval_rule"`
}

// Question reads a delivery of an external status check, which holds a merge request back. It needs no choice under
// events: GitLab sends it only to a status check that somebody has made.
func (s *Source) Question(h http.Header, body []byte) (*changes.Question, error) {
	is := isCheck(body)
	if err := s.checkProof(h, is); err != nil || !is {
		return nil, err
	}
	var d checkDelivery
	if err := changes.Decode(body, &d); err != nil {
		return nil, err
	}
	if err := d.check(); err != nil {
		return nil, err
	}
	callback := fmt.Sprintf("/projects/%d/merge_requests/%d/status_checks/%d", d.Project.ID, d.Merge.IID, d.Check.ID)
	return &changes.Question{
		Deployment: callback, Repository: d.Project.Path, Service: d.Project.Path,
		Environment: cmp.Or(s.config.Environments[d.Merge.Target], d.Merge.Target), ToolsWord: d.Merge.Target,
		Version: d.Merge.LastCommit.ID, Callback: callback,
	}, nil
}

// checkProof holds a question to a signature of its body, and everything that comes by the status checks' own to be a
// question: that has no time, so that an event could be sent again for ever by whoever has seen it once.
func (s *Source) checkProof(h http.Header, question bool) error {
	standard, own := len(h.Values(standardwebhooks.HeaderWebhookSignature)) > 0, len(h.Values(checkSignature)) > 0
	switch {
	case s.config.Insecure || standard:
		return nil
	case own && !question:
		return changes.Bad("%s is missing: GitLab sends %s with external status checks alone", checkField, checkSignature)
	case question && !own:
		return changes.Bad("the header %s is missing: give the external status check a shared secret", checkSignature)
	}
	return nil
}

// isCheck reports whether a body is the question of a status check, well-formed or not.
func isCheck(body []byte) bool {
	if !bytes.Contains(body, []byte(checkField)) {
		return false // most deliveries: nothing is decoded twice
	}
	var d map[string]json.RawMessage
	if json.Unmarshal(body, &d) != nil {
		return false // Parse says what is wrong
	}
	_, is := d[checkField]
	return is
}

func (d checkDelivery) check() error {
	m := d.Merge
	switch {
	case d.Kind != "merge_request":
		return changes.Bad("object_kind is not merge_request")
	case d.Project.ID <= 0:
		return changes.Bad("project.id is missing")
	case d.Project.Path == "":
		return changes.Bad("project.path_with_namespace is missing")
	case m.TargetID != 0 && m.TargetID != d.Project.ID:
		return changes.Bad("object_attributes.target_project_id is another project than project.id")
	case m.IID <= 0:
		return changes.Bad("object_attributes.iid is missing")
	case d.Check.ID <= 0:
		return changes.Bad("external_approval_rule.id is missing")
	case m.State == "":
		return changes.Bad("object_attributes.state is missing")
	case m.State != "opened":
		return changes.Ignored("the merge request is not open")
	case m.Target == "":
		return changes.Bad("object_attributes.target_branch is missing")
	case !isSHA(m.LastCommit.ID):
		return changes.Bad("object_attributes.last_commit.id is missing, or no whole sha")
	}
	return nil
}

// isSHA reports whether an id is the whole of a commit's.
func isSHA(id string) bool {
	return (len(id) == 40 || len(id) == 64) && strings.Trim(id, "0123456789abcdef") == ""
}
