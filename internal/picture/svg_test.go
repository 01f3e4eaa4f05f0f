package picture

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

// FuzzSVG has a text in every name that others choose: the SVG stays well-formed, without an element, an attribute or
// a reference that Pushback did not write.
func FuzzSVG(f *testing.F) {
	for _, seed := range []string{
		"<script>alert(1)</script>", `"><image href="https://evil.example/x.png"/>`, "]]>", "&lt;&xxe;", "\x00\x1b[31m", "\xff\xfe", "﷽\u202e", `' onload='x`, "<!--", "<?xml?>",
		strings.Repeat("W", 5000), "日本語のサービス", "a\nb",
	} {
		f.Add(seed, 0.5, 3)
	}
	f.Fuzz(func(t *testing.T, text string, value float64, n int) {
		s := subject()
		s.Change.Service, s.Change.Version, s.Change.Environment, s.Verdict.Rule = text, text, text, text
		for i := range s.Verdict.Signals {
			s.Verdict.Signals[i].Unit, s.Verdict.Signals[i].Effect.Forecast = text, value
		}
		s.Verdict.Signals[0].Signal, s.Observation.Readings[0].Signal = text, text
		for i := range s.Observation.Readings {
			s.Observation.Readings[i].After.Value = append(s.Observation.Readings[i].After.Value, value, -value, float64(n))
		}
		d, err := Draw(s, Choice{Width: n})
		if err != nil {
			t.Fatal(err)
		}
		checkSVG(t, d)
		if _, err := d.PNG(); err != nil {
			t.Fatal(err)
		}
	})
}

var written = map[string]string{
	"svg":  " xmlns viewBox width height role font-family ",
	"rect": " width height fill ", "title": "", "desc": "",
	"path":   " d fill fill-opacity stroke stroke-width stroke-dasharray stroke-linejoin ",
	"circle": " cx cy r fill ",
	"text":   " x y font-size font-weight fill textLength lengthAdjust ",
}

func checkSVG(t *testing.T, d *Drawing) {
	t.Helper()
	svg := d.SVG()
	decoder := xml.NewDecoder(bytes.NewReader(svg))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in %q", err, svg)
		}
		switch token := token.(type) {
		case xml.StartElement:
			allowed, known := written[token.Name.Local]
			if !known {
				t.Fatalf("<%s> in %q", token.Name.Local, svg)
			}
			for _, a := range token.Attr {
				if !strings.Contains(allowed, " "+a.Name.Local+" ") || strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") {
					t.Fatalf("%s=%q in %q", a.Name.Local, a.Value, svg)
				}
				if strings.Contains(a.Value, "://") && a.Name.Local != "xmlns" {
					t.Fatalf("a reference %q", a.Value)
				}
			}
		case xml.Comment, xml.Directive, xml.ProcInst:
			t.Fatalf("%T in %q", token, svg)
		}
	}
	if len(svg) > 100<<10 || d.height > 4000 {
		t.Fatalf("%d bytes, %d high", len(svg), d.height)
	}
}
