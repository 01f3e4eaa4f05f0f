package rules

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

// A secret in a rule is refused wherever it stands, and no diagnostic shows it: neither its
// own, nor one of another mistake in the same line.
func TestSecretsInRules(t *testing.T) {
	const planted = "k7Qz-2mXv_9LpRt4W"
	rule := "team: shop\nrules:\n  - name: red\n    watch: {service: cart}\n    signals: [{name: errors, query: 'x{$match}', limit: 1}]\n    respond: [{at_least: certain, tell: chat}]\n"
	for _, line := range []string{
		"    runbook: https://me:SECRET@wiki.example/cart\n", "    runbook: https://wiki.example/cart?token=SECRET\n", "    runbook: https://hooks.slack.com/services/T0/B0/SECRET\n",
		"    description: 'curl -H \"Authorization: Bearer SECRET\"'\n", "    password: SECRET\n", "    runbook: {token: SECRET}\n", "    runbok: https://h/?api_key=SECRET\n", "    tokens: [SECRET\n", "    password: *SECRET\n",
		"    respond: [{at_least: certain, tell: 'https://hooks.slack.com/services/T0/B0/SECRET'}]\n", "    extends: 'Bearer SECRET'\n",
	} {
		text := rule + strings.ReplaceAll(line, "SECRET", planted)
		_, found := Load(fstest.MapFS{"red.yml": {Data: []byte(text)}}, World{Receivers: []string{"chat"}, NoDefaultReceiver: false})
		if len(found) == 0 {
			t.Errorf("%q: no mistake", line)
		}
		if strings.Contains(fmt.Sprintf("%+v", found), planted) {
			t.Errorf("%q is shown: %+v", line, found)
		}
	}
	if _, found := Load(fstest.MapFS{"red.yml": {Data: []byte(rule + "    runbook: https://wiki.example/cart?page=2\n")}}, World{Receivers: []string{"chat"}}); len(found) > 0 {
		t.Errorf("an ordinary rule: %v", found)
	}
}
