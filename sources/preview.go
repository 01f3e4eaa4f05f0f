package sources

import "regexp"

// TransientLabel is the label that an adapter gives a change whose tool calls its environment
// transient, with the value "true".
const TransientLabel = "transient"

// previewName matches the names of environments that exist for one pull request or branch:
// preview, preview/pr-17, deploy-preview-17, "Preview – shop", pr-17, cart-pr-17, review/login.
// A word must be whole, so that pre-production and code-review are none.
var previewName = regexp.MustCompile(`(?i)(^|[/_.\s–—-])(previews?|(pr|mr|pull|pull[-_]request|merge[-_]request)[-_/#]?\d+)($|[/_.\s–—-])|^review[/_-]`)

// Preview reports whether the change went to an environment of a pull request or branch. It
// runs beside production under the same labels, so that the signals of production say nothing
// of it.
//
// See adr/0071.
func (c Change) Preview() bool {
	return c.Labels[TransientLabel] == "true" || previewName.MatchString(c.Environment)
}
