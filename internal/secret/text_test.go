package secret

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// A value that holds a secret shows it nowhere: not with any verb, in JSON, in either kind
// of log, nor as the value of a panic.
func TestTextIsNeverShown(t *testing.T) {
	const hidden = "9f8b1c0d2e3a4f5b6c7d8e9fa0b1c2d3"
	holder := struct {
		Token Text
		Many  []Text
		Named map[string]Text
	}{hidden, []Text{hidden}, map[string]Text{"a": hidden}}
	shown := new(strings.Builder)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d"} {
		fmt.Fprintf(shown, verb+"\n", holder)
		fmt.Fprintf(shown, verb+"\n", holder.Token)
	}
	encoded, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	shown.Write(encoded)
	slog.New(slog.NewJSONHandler(shown, nil)).Info("x", "token", holder.Token, "holder", holder)
	slog.New(slog.NewTextHandler(shown, nil)).Info("x", "token", holder.Token, "holder", holder)
	fmt.Fprint(shown, fmt.Errorf("wrapped: %w", fmt.Errorf("%v", holder.Token)))
	for _, form := range []string{hidden, fmt.Sprintf("%x", hidden), fmt.Sprintf("%X", hidden), fmt.Sprintf("% x", hidden)} {
		if strings.Contains(shown.String(), form) {
			t.Errorf("%s is in\n%s", form, shown)
		}
	}
}

func TestBlotLinks(t *testing.T) {
	const token = "q1W2e3R4t5Y6u7I8o9P0a1S2d3F4g5H6j7K8l9Z0x1C"
	for _, before := range []string{
		"https://pushback.example/changes/k3y/approve?token=", "/changes/k3y/approve?lang=de&token=", `{"link":"https:\/\/p\/changes\/k\/approve?token=`,
		`https://p/changes/k/approve\u003ftoken\u003d`, "https%3A%2F%2Fp%2Fchanges%2Fk%2Fapprove%3Ftoken%3D", "HTTPS://P/CHANGES/K/APPROVE?TOKEN=",
		`<a href="/changes/k/approve?x=1&amp;token=`, "/changes/k/approve&#63;token&#61;",
	} {
		for _, after := range []string{"", " (until 12:00 UTC).", `"}`, "&more=1", "\n"} {
			got := BlotLinks("open " + before + token + after)
			if strings.Contains(got, token[:8]) || strings.Contains(got, token[len(token)-8:]) || !strings.HasPrefix(got, "open "+before+Mark) {
				t.Errorf("%q became %q", before+token+after, got)
			}
		}
	}
	for _, plain := range []string{"", "token=abc", "approve it with the token of the API", "https://p/changes/k/approve"} {
		if got := BlotLinks(plain); got != plain {
			t.Errorf("%q became %q", plain, got)
		}
	}
}
