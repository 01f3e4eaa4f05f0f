package teams

import (
	"regexp"
	"strings"

	"github.com/pushback/pushback/notify"
)

type message struct {
	Type        string       `json:"type"`
	Attachments []attachment `json:"attachments"`
}

type attachment struct {
	ContentType string `json:"contentType"`
	Content     card   `json:"content"`
}

type card struct {
	Schema  string    `json:"$schema"`
	Type    string    `json:"type"`
	Version string    `json:"version"`
	Teams   msteams   `json:"msteams"`
	Body    []element `json:"body"`
	Actions []action  `json:"actions,omitempty"`
}

type msteams struct {
	Width    string   `json:"width"`
	Entities []entity `json:"entities,omitempty"`
}

// entity makes a mention of the text that it repeats.
type entity struct {
	Type      string    `json:"type"`
	Text      string    `json:"text"`
	Mentioned mentioned `json:"mentioned"`
}

type mentioned struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// element is a RichTextBlock, a TextBlock or a FactSet.
type element struct {
	Type    string `json:"type"`
	Inlines []run  `json:"inlines,omitempty"`
	Text    string `json:"text,omitempty"`
	Wrap    bool   `json:"wrap,omitempty"`
	Facts   []fact `json:"facts,omitempty"`
}

type run struct {
	Type   string `json:"type"`
	Text   string `json:"text"`
	Weight string `json:"weight,omitempty"`
	Size   string `json:"size,omitempty"`
	Color  string `json:"color,omitempty"`
}

type fact struct {
	Title string `json:"title"`
	Value string `json:"value"`
}

type action struct {
	Type  string `json:"type"`
	Title string `json:"title"`
	URL   string `json:"url"`
}

func render(m notify.Message, lines []string, fields []notify.Field) message {
	headline := run{Type: "TextRun", Text: status(m) + ": " + m.Title, Weight: "Bolder", Size: "Medium", Color: colour(m)}
	body := []element{{Type: "RichTextBlock", Inlines: []run{headline}}}
	for _, line := range lines {
		body = append(body, element{Type: "RichTextBlock", Inlines: []run{{Type: "TextRun", Text: line}}})
	}
	if facts := facts(fields); len(facts) > 0 {
		body = append(body, element{Type: "FactSet", Facts: facts})
	}
	entities := mentions(m)
	if text := mentionText(entities); text != "" {
		body = append(body, element{Type: "TextBlock", Text: text, Wrap: true})
	}
	return message{"message", []attachment{{"application/vnd.microsoft.card.adaptive", card{
		Schema: "http://adaptivecards.io/schemas/adaptive-card.json", Type: "AdaptiveCard", Version: "1.4",
		Teams: msteams{"Full", entities}, Body: body, Actions: actions(m),
	}}}}
}

func status(m notify.Message) string {
	if m.Resolved {
		return "resolved"
	}
	return string(m.Severity)
}

func colour(m notify.Message) string {
	switch {
	case m.Resolved:
		return "Good"
	case m.Severity == notify.Critical || m.Severity == notify.Error:
		return "Attention"
	case m.Severity == notify.Warning:
		return "Warning"
	}
	return "Default"
}

// facts leave out the runbook, which is an action.
func facts(fields []notify.Field) (all []fact) {
	for _, f := range fields {
		if f.Name != "runbook" || notify.WebLink(f.Value) == "" {
			all = append(all, fact{unmarked(f.Name), unmarked(f.Value)})
		}
	}
	return all
}

// actions open pages: of the change, of the decision, and the runbook.
func actions(m notify.Message) (all []action) {
	open := func(title, link string) {
		if link != "" {
			all = append(all, action{"Action.OpenUrl", title, link})
		}
	}
	open("Approve or reject", approval(m))
	open("All about this change", m.Link)
	open("Runbook", notify.WebLink(m.FieldValues()["runbook"]))
	return all
}

// approval is the link in the action that is below the page of the change, "" if there is none.
func approval(m notify.Message) string {
	if m.Link == "" {
		return ""
	}
	return notify.WebLink(regexp.MustCompile(regexp.QuoteMeta(m.Link) + `/approve\?[A-Za-z0-9/?=&;._~%-]*`).FindString(m.Action))
}

var (
	// principal matches the user principal name of a person.
	principal = regexp.MustCompile(`^[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]{1,60}(\.[A-Za-z0-9-]{1,60}){1,4}$`)
	noName    = regexp.MustCompile(`[^\p{L}\p{N} .'-]`)
)

const maxPeople = 10

// mentions are the people whose principal names are known. The end of a thread calls nobody.
func mentions(m notify.Message) (all []entity) {
	if m.Resolved {
		return nil
	}
	for _, p := range m.People {
		id := p.Handles["msteams"]
		if !principal.MatchString(id) || len(all) >= maxPeople {
			continue
		}
		name := strings.TrimSpace(notify.Truncate(noName.ReplaceAllString(p.Name, ""), 60))
		if name == "" {
			name = id[:strings.IndexByte(id, '@')]
		}
		all = append(all, entity{"mention", "<at>" + name + "</at>", mentioned{id, name}})
	}
	return all
}

func mentionText(entities []entity) string {
	var texts []string
	for _, e := range entities {
		texts = append(texts, e.Text)
	}
	return strings.Join(texts, " ")
}

var (
	// alike has what begins or ends markup, a link, or a date that a client fills in.
	alike = strings.NewReplacer("[", "［", "]", "］", "*", "∗", "`", "ˋ", "~", "∼", "\\", "＼", "://", "：//", "{{", "｛｛", "}}", "｝｝", "&", "＆", "<", "‹", ">", "›", "|", "｜")
	// edge is an underscore that is not within a word, and begins or ends emphasis.
	edge   = regexp.MustCompile(`_+\b|\b_+|(^|[^\pL\pN])_+|_+($|[^\pL\pN])`)
	marker = regexp.MustCompile(`^(#+|[-+]|\d+[.)])(\s)`)
	www    = regexp.MustCompile(`(?i)\bwww\.`)
)

// unmarked is a text in which Markdown finds nothing. It stays readable.
func unmarked(text string) string {
	text = alike.Replace(strings.TrimSpace(text))
	text = edge.ReplaceAllStringFunc(text, func(s string) string { return strings.ReplaceAll(s, "_", "＿") })
	text = www.ReplaceAllString(text, "www․")
	return marker.ReplaceAllString(text, "‐ $1$2")
}
