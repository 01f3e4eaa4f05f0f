package slackbot

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"github.com/pushback/pushback/internal/secret"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/internal/mrkdwn"
)

// Slack refuses a whole message for one text that is too long, or for too much text in all blocks.
const (
	maxText   = 6000 // bytes of all lines
	maxField  = 2000
	maxFields = 10 // of a section
	maxButton = 70
)

// post is a message that is being sent.
type post struct {
	message notify.Message
	mark    mark
	hears   bool     // buttons would be heard
	secrets []string // in the message, which Slack may repeat
}

func newPost(m notify.Message, hears bool) post {
	m = m.Truncated()
	whole, _ := json.Marshal(m) // texts, times and nothing that JSON refuses
	return post{
		message: m.Plain(), hears: hears, secrets: secret.LinkTokens(m.Action),
		mark: mark{Thread: digest([]byte(m.Key)), Message: digest(whole), At: m.At.UnixMicro(), Resolved: m.Resolved},
	}
}

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// asks reports whether people are to decide something.
func (p post) asks() bool { return p.message.Ask != nil && !p.message.Resolved }

// options are what the parent and the replies have in common. No text is looked through for mentions and links.
func (p post) options(blocks []slack.Block) []slack.MsgOption {
	return []slack.MsgOption{
		slack.MsgOptionText(p.status()+": "+mrkdwn.Escape(p.message.Title), false), slack.MsgOptionBlocks(blocks...), slack.MsgOptionMetadata(p.mark.metadata()),
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(),
	}
}

// parent is the newest state, with whom it concerns and the buttons.
func (p post) parent() []slack.Block {
	blocks := append(p.text(true), p.fields()...)
	if all := p.buttons(); p.hears && len(all) > 0 {
		blocks = append(blocks, slack.NewActionBlock("pushback", all...))
	}
	return blocks
}

// reply mentions people only where they are to decide: Slack tells those whom the parent mentions of every reply.
func (p post) reply() []slack.Block {
	return p.text(p.asks())
}

func (p post) status() string {
	if p.message.Resolved {
		return "resolved"
	}
	return string(p.message.Severity)
}

// text is the headline, the lines and whom they concern, as rich text: its elements are shown as they are.
func (p post) text(mention bool) []slack.Block {
	parts := []slack.RichTextSectionElement{plain(p.status()+": ", true)}
	if p.message.Link != "" {
		parts = append(parts, slack.NewRichTextSectionLinkElement(p.message.Link, p.message.Title, &slack.RichTextSectionTextStyle{Bold: true}))
	} else {
		parts = append(parts, plain(p.message.Title, true))
	}
	size := 0
	for _, line := range p.message.Lines() {
		if size += len(line); size > maxText {
			parts = append(parts, plain("\n…", false))
			break
		}
		parts = append(append(parts, plain("\n", false)), p.line(line)...)
	}
	if mention {
		parts = append(parts, p.people()...)
	}
	return []slack.Block{slack.NewRichTextBlock("", slack.NewRichTextSection(parts...))}
}

func plain(text string, bold bool) slack.RichTextSectionElement {
	if bold {
		return slack.NewRichTextSectionTextElement(text, &slack.RichTextSectionTextStyle{Bold: true})
	}
	return slack.NewRichTextSectionTextElement(text, nil)
}

// line makes the links below the page of the change clickable: the one that approves.
func (p post) line(text string) (parts []slack.RichTextSectionElement) {
	if p.message.Link == "" || !strings.Contains(text, p.message.Link) {
		return []slack.RichTextSectionElement{plain(text, false)}
	}
	below := regexp.MustCompile(regexp.QuoteMeta(p.message.Link) + `[A-Za-z0-9/?=&;._~%-]*`)
	for text != "" {
		at := below.FindStringIndex(text)
		if at == nil {
			return append(parts, plain(text, false))
		}
		if at[0] > 0 {
			parts = append(parts, plain(text[:at[0]], false))
		}
		parts = append(parts, slack.NewRichTextSectionLinkElement(text[at[0]:at[1]], "", nil))
		text = text[at[1]:]
	}
	return parts
}

// people are those of the message whose IDs are known, as mentions.
func (p post) people() (parts []slack.RichTextSectionElement) {
	for _, id := range mrkdwn.Members(p.message.People) {
		before := " "
		if len(parts) == 0 {
			before = "\ncc "
		}
		parts = append(parts, plain(before, false), slack.NewRichTextSectionUserElement(id, nil))
	}
	return parts
}

// fields are the facts, and the link to the runbook.
func (p post) fields() (blocks []slack.Block) {
	var texts []*slack.TextBlockObject
	for _, f := range p.message.Fields {
		texts = append(texts, object(f.Name+"\n"+f.Value, maxField))
	}
	for some := range slices.Chunk(texts, maxFields) {
		blocks = append(blocks, slack.NewSectionBlock(nil, some, nil))
	}
	if runbook := notify.WebLink(p.message.FieldValues()["runbook"]); runbook != "" {
		link := slack.NewRichTextSectionLinkElement(runbook, "runbook", nil)
		blocks = append(blocks, slack.NewRichTextBlock("", slack.NewRichTextSection(link)))
	}
	return blocks
}

// object is a plain text without emoji.
func object(text string, limit int) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, notify.Truncate(text, limit), false, false)
}

// The buttons, by the command that they give.
const (
	actionPrefix = "pushback_"
	approve      = "approve"
	reject       = "reject"
	hold         = "hold"
	release      = "release"
	falseAlarm   = "false-alarm"
	missed       = "missed"
)

// pressable are the commands that buttons give.
var pressable = []string{approve, reject, hold, release, falseAlarm, missed}

// holdBecause stands between the service and why it is held, in the value of a button. No text of a message has it.
const holdBecause = "\n"

// buttons decide what is asked, and give the commands that a chat hears of what else can be done.
func (p post) buttons() (all []slack.BlockElement) {
	if p.asks() {
		all = p.decisions()
	}
	given := map[string]bool{}
	for _, b := range all {
		given[b.(*slack.ButtonBlockElement).ActionID] = true
	}
	for _, c := range p.message.Choices {
		words := choiceWords(c)
		if words == "" || c.About == "" || given[actionPrefix+c.Chat] { // Slack refuses two buttons of one id
			continue
		}
		given[actionPrefix+c.Chat] = true
		b := button(c.Chat, c.About, words)
		if c.Chat != reject { // what opens or closes a gate is asked once more
			b = b.WithConfirm(slack.NewConfirmationBlockObject(object(words+"?", 100), object(p.message.Title, 300), object("Yes", 30), object("Cancel", 30)))
		}
		all = append(all, b)
	}
	return all
}

// choiceWords are the words of the button for a choice, "" where there is none.
func choiceWords(c notify.Choice) string {
	switch c.Chat {
	case reject:
		return "Do not roll back"
	case release:
		return "End hold " + c.About
	case falseAlarm:
		return "False alarm"
	case missed:
		return "It is bad"
	}
	return ""
}

// decisions decide the order, and hold the deploys of the service.
func (p post) decisions() []slack.BlockElement {
	ask, service := p.message.Ask, p.message.FieldValues()["service"]
	back := "Roll back"
	if ask.Target != "" {
		back += " to " + notify.Plain(ask.Target)
	}
	sure := slack.NewConfirmationBlockObject(object("Roll back?", 100), object(p.message.Title, 300), object("Roll back", 30), object("Cancel", 30))
	all := []slack.BlockElement{
		button(approve, ask.Order, back).WithStyle(slack.StyleDanger).WithConfirm(sure),
		button(reject, ask.Order, "Do not roll back"),
	}
	if service != "" {
		all = append(all, button(hold, service+holdBecause+p.message.Title, "Hold deploys of "+service))
	}
	return all
}

func button(command, value, words string) *slack.ButtonBlockElement {
	return slack.NewButtonBlockElement(actionPrefix+command, notify.Truncate(value, maxField), object(words, maxButton))
}
