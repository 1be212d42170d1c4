// Manual pages and completions from a small program's table. That they hold every option of the
// real programs is tests/script/documents.txt's business, and so is whether the shells understand
// them.

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <CLI/CLI.hpp>

#include "profiler/base/command_line.h"
#include "profiler/base/command_pages.h"
#include "profiler/base/completion.h"
#include "profiler/base/manual.h"

namespace thaw::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

enum class Colour { Red, Blue };

class Documents : public testing::Test {
 protected:
  Documents() {
    program_.name("paint");
    CLI::App* wall = program_.add_subcommand("wall", "paint a wall");
    wall->add_option("-c,--colour", colour_, "Of the paint")
        ->transform(
            one_of(std::map<std::string, Colour>{{"red", Colour::Red}, {"blue", Colour::Blue}}))
        ->type_name("COLOUR");
    wall->add_option("--tool", tool_, "What with")->check(CLI::IsMember({"brush", "roller"}));
    wall->add_option("--coats", coats_, "How often")->capture_default_str()->type_name("N");
    wall->add_option("--into", directory_, "Where it's kept: here")->type_name("DIR");
    wall->add_flag("--dry,!--no-dry", is_dry_, "Wait until it is dry");
    wall->add_flag("--mix{even}", mix_, "Stir it")->check(CLI::IsMember({"even", "odd"}));
    wall->add_flag("--secret", is_secret_, "For nobody")->group("");
    wall->add_option("PLAN", plan_, "What to paint")->required();
    wall->footer(
        "Paints.\nAll of it.\n\nExamples:\n  paint wall a.plan    the whole wall\n"
        "             of a house\n  .paint\n\nExits with 3 when it rains.");
    CLI::App* stock = program_.add_subcommand("stock", "what there is");
    stock->require_subcommand(1);
    stock->add_subcommand("list", "all of it");
  }

  CommandPage pages() { return read_pages(program_); }
  std::string manual_of_wall() { return manual_pages(pages(), "1.2").at(1).text; }

  CLI::App program_{"paint: puts colour on walls."};
  Colour colour_ = Colour::Red;
  std::string tool_, directory_, plan_, mix_;
  int coats_ = 2;
  bool is_dry_ = false, is_secret_ = false;
};

const OptionPage& option(const CommandPage& page, const std::string& name) {
  for (const OptionPage& one : page.options)
    for (const std::string& its : one.names)
      if (its == name) return one;
  throw std::out_of_range(name);
}

TEST_F(Documents, ReadsWordsValuesAndDefaultsOfOptions) {
  const CommandPage wall = pages().commands.at(0);
  EXPECT_THAT(option(wall, "--colour").names, ElementsAre("-c", "--colour"));
  EXPECT_THAT(option(wall, "--colour").words, ElementsAre("blue", "red"));
  EXPECT_EQ(option(wall, "--colour").value, "COLOUR");
  EXPECT_THAT(option(wall, "--tool").words, ElementsAre("brush", "roller"));
  EXPECT_EQ(option(wall, "--tool").value, "TEXT");
  EXPECT_EQ(option(wall, "--coats").usual, "2");
  EXPECT_EQ(option(wall, "--coats").kind, ValueKind::Other);
  EXPECT_EQ(option(wall, "--into").kind, ValueKind::Directory);
  EXPECT_THAT(option(wall, "--dry").names, ElementsAre("--dry", "--no-dry"));
  EXPECT_EQ(option(wall, "--dry").kind, ValueKind::None);
  EXPECT_EQ(option(wall, "--dry").value, "");
}

TEST_F(Documents, OfferTheWordsOfAFlagBehindItsEqualsSignAlone) {
  EXPECT_THAT(option(pages().commands.at(0), "--mix").words, ElementsAre("even", "odd"));
  EXPECT_THAT(manual_of_wall(),
              HasSubstr("\\fB\\-\\-mix\\fR[=\\fIWORD\\fR]\nStir it. One of even, odd."));
  EXPECT_THAT(bash_completion(pages()),
              HasSubstr("\" wall --mix\") [[ -n $equals ]] && _paint_words \"even odd\" ;;"));
  EXPECT_THAT(zsh_completion(pages()), HasSubstr("--mix=-[Stir it]::WORD:(even odd)'"));
}

TEST_F(Documents, LeaveOutWhatIsHidden) {
  for (const std::string& text : {manual_of_wall(), bash_completion(pages()),
                                  zsh_completion(pages()), fish_completion(pages())})
    EXPECT_THAT(text, Not(HasSubstr("secret")));
}

TEST_F(Documents, MakeAPageOfEachCommand) {
  const auto all = manual_pages(pages(), "1.2");
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].file, "paint.1");
  EXPECT_EQ(all[1].file, "paint-wall.1");
  EXPECT_THAT(all[0].text, HasSubstr(".BR paint\\-wall (1)\nPaint a wall."));
  EXPECT_THAT(all[2].text, HasSubstr(".SS paint stock list\n"));
}

TEST_F(Documents, MakeSectionsOfTheTextBelowTheOptions) {
  const std::string page = manual_of_wall();
  EXPECT_THAT(page,
              HasSubstr(".SH DESCRIPTION\nPaint a wall.\n.PP\nPaints.\nAll of it.\n.SH OPTIONS\n"));
  EXPECT_THAT(page,
              HasSubstr(".SH EXAMPLES\n.TP\n.B paint wall a.plan\nthe whole wall\nof a house\n"));
  EXPECT_THAT(page, HasSubstr(".SH EXIT STATUS\nExits with 3 when it rains.\n"));
}

TEST_F(Documents, GiveRoffNothingThatItWouldObey) {
  const std::string page = manual_of_wall();
  EXPECT_THAT(page, HasSubstr(".B \\&.paint\n"));
  EXPECT_THAT(page, HasSubstr("\\fB\\-c\\fR, \\fB\\-\\-colour\\fR \\fICOLOUR\\fR\n"));
  EXPECT_THAT(page, HasSubstr("Where it\\(aqs kept: here."));
}

TEST_F(Documents, SayTheWordsAndTheDefault) {
  const std::string page = manual_of_wall();
  EXPECT_THAT(page, HasSubstr("What with. One of brush, roller."));
  EXPECT_THAT(page, HasSubstr("How often. Default: 2."));
  EXPECT_THAT(page, HasSubstr("\\fBpaint wall\\fR [\\fIOPTIONS\\fR] \\fIPLAN\\fR"));
}

TEST_F(Documents, CompleteInThreeShells) {
  EXPECT_THAT(bash_completion(pages()),
              HasSubstr("\" wall -c\" | \" wall --colour\") _paint_words \"blue red\" ;;"));
  EXPECT_THAT(bash_completion(pages()), HasSubstr("\" stock\") _paint_words \"list\" ;;"));
  EXPECT_THAT(zsh_completion(pages()),
              HasSubstr("'(--into)--into=[Where it'\\''s kept\\: here]:DIR:_files -/'"));
  EXPECT_THAT(
      fish_completion(pages()),
      HasSubstr("-n '__paint_is_at \" wall\"' -s c -l colour -x -a 'blue red' -d 'Of the paint'"));
}

}  // namespace
}  // namespace thaw::test
