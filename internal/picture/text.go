package picture

import (
	"math"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
)

// words are text in one size.
type words struct {
	text  string
	size  float64
	bold  bool
	width float64 // in pixels; browsers make the text of an SVG exactly as wide
}

// fonts are in the program, so that a picture looks the same on every machine. They have Latin, Greek and Cyrillic
// letters; in a PNG, others are boxes.
var fonts = sync.OnceValue(func() [2]*opentype.Font {
	regular, err := opentype.Parse(goregular.TTF)
	if err != nil {
		panic(err) // it is in the program
	}
	bold, err := opentype.Parse(gobold.TTF)
	if err != nil {
		panic(err)
	}
	return [2]*opentype.Font{regular, bold}
})

// faces are the fonts in the sizes that one drawing uses. Not for concurrent use, as the faces are not.
type faces map[face]font.Face

type face struct {
	size float64
	bold bool
}

func (f faces) of(size float64, bold bool) font.Face {
	if known, ok := f[face{size, bold}]; ok {
		return known
	}
	which := fonts()[0]
	if bold {
		which = fonts()[1]
	}
	made, err := opentype.NewFace(which, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		panic(err) // its options are constants
	}
	f[face{size, bold}] = made
	return made
}

// width is how wide text is. A letter that the font lacks counts as one em, which is how wide those of most
// other scripts are.
func (f faces) width(text string, size float64, bold bool) float64 {
	sum, of := 0.0, f.of(size, bold)
	for _, r := range text {
		advance, known := of.GlyphAdvance(r)
		if known {
			sum += float64(advance) / 64
		} else {
			sum += size
		}
	}
	return math.Ceil(sum*10) / 10
}

// fit makes words of text, cut so that they are at most so wide.
func (f faces) fit(text string, size float64, bold bool, atMost float64) words {
	w := words{text, size, bold, f.width(text, size, bold)}
	if w.width <= atMost {
		return w
	}
	// Long texts are cut by a guess first, because each try measures all that is left.
	if most := int(atMost/size*4) + 1; utf8.RuneCountInString(text) > most {
		text = string([]rune(text)[:most])
	}
	for text != "" {
		_, last := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-last]
		w.text = strings.TrimRight(text, " ") + "…"
		if w.width = f.width(w.text, size, bold); w.width <= atMost {
			return w
		}
	}
	return words{size: size, bold: bold}
}

// wrap breaks text at spaces into lines of at most so wide. What does not fit into the last line is cut.
func (f faces) wrap(text string, size float64, bold bool, atMost float64, lines int) (all []words) {
	rest := strings.Fields(text)
	for len(rest) > 0 && len(all) < lines-1 {
		n := 1
		for n < len(rest) && f.width(strings.Join(rest[:n+1], " "), size, bold) <= atMost {
			n++
		}
		all = append(all, f.fit(strings.Join(rest[:n], " "), size, bold, atMost))
		rest = rest[n:]
	}
	if len(rest) > 0 {
		all = append(all, f.fit(strings.Join(rest, " "), size, bold, atMost))
	}
	return all
}
