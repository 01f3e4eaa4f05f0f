package sources

import (
	"strings"
	"testing"
)

func TestCheckName(t *testing.T) {
	f := func(name, want string) {
		t.Helper()
		err := CheckName(name)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", name, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "payments") {
			t.Errorf("%q is quoted: %v", name, err)
		}
	}
	for _, good := range []string{
		"", "payments", "v1.2.3-rc.1+build.5", "github:shop/cart/7", "Warenkorb-größe", "корзина", "каталог-v2", "καλάθι", "カート", "결제", "长安", "سلة", "cart v2", "a_b", "Straße",
		"cart-каталог", "naïve", "*", "eu-[ab]?", "проверка", strings.Repeat("s", MaxName),
	} {
		f(good, "")
	}
	f(strings.Repeat("s", MaxName+1), "201 bytes")
	f("pay\xffments", "UTF-8")
	f("pay\x00ments", "control character")
	f("payments\n", "control character")
	f("pay\u2028ments", "control character")
	f("pay\u202ements", "control character")
	f("pay\u2066ments", "control character")
	f("pay\ufffdments", "U+FFFD")
	for _, hidden := range "\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u115f\u3164\uffa0\u2800\u180e\ufe0f\U000e0041\u00a0\u3000\ue000\ufffc" {
		f("pay"+string(hidden)+"ments", "nobody sees")
	}
	f(" payments", "space")
	f("payments ", "space")
	f("ｐayments", "NFKC")
	f("𝐩ayments", "NFKC")
	f("cafe\u0301", "NFKC")
	f("ﬁle", "NFKC")
	f("pаyments", "alphabet")      // Cyrillic а
	f("cart-pаyments", "alphabet") // in the second word
	f("сору", "alphabet")          // Cyrillic alone
	f("cart-сору-1", "alphabet")
	f("Ηello", "alphabet") // Greek Η
	f("ΑΒΕ", "alphabet")
	f("раураl", "alphabet")
}

func TestCheckText(t *testing.T) {
	f := func(text string, good bool) {
		t.Helper()
		if err := CheckText(text, 60); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
	f("Zoë ❤️ 👩‍💻 released pаyments", true)
	f("a\u00a0b", true)
	f("pay\u200dments", false)
	f("pay\u200bments", false)
	f("a\ufe0f", false)
	f("a\u202eb", false)
	f("a\nb", false)
	f(strings.Repeat("a", 61), false)
	f("\xff", false)
}

func TestCheckJSON(t *testing.T) {
	f := func(body, want string) {
		t.Helper()
		err := CheckJSON([]byte(body))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", body, err, want)
		}
	}
	f(`{"service":"a","environment":{"x":1},"list":[{"a":1},{"a":2}]}`, "")
	f(`{"service":"a","Service":"b"}`, "twice")
	f(`{"service":"a","SERVICE":"b"}`, "twice")
	f(`{"service":"a","\u0053ervice":"b"}`, "twice")
	f(`{"service":"a","ſervice":"b"}`, "twice")              // the long s
	f(`{"kind":"deploy","`+"\u212a"+`ind":"flag"}`, "twice") // the Kelvin sign
	f(`{"a":{"b":[{"Team":1,"team":2}]}}`, "twice")
	f(`{"größe":1,"GRÖßE":2}`, "twice")
	f(`{"service":"a","service ":"b"}`, "")
	f(`[]`, "not a JSON object")
	f(`{} {}`, "more than one")
	f(strings.Repeat(`{"a":`, 100), "nested deeper")
}
