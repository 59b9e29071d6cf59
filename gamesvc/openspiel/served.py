"""Which of OpenSpiel's games are served, and why the others are not: what docs/openspiel.md says."""

from __future__ import annotations

_MEAN_FIELD = "a mean field game: its one player moves in a crowd, which is no player"

NOT_SERVED = {
    "bridge_uncontested_bidding": "to score a game, OpenSpiel computes for up to half a minute, and meanwhile no"
    " other game on the server could go on",
    "crossword": "its moves have no numbers: OpenSpiel takes them as structures only",
    "mfg_crowd_modelling": _MEAN_FIELD,
    "mfg_crowd_modelling_2d": _MEAN_FIELD,
    "mfg_dynamic_routing": _MEAN_FIELD,
    "mfg_garnet": _MEAN_FIELD,
}
"""The games of OpenSpiel's that can't be played here, each with the reason."""

EXAMPLES = {
    "add_noise": "add_noise(epsilon=0.1,game=kuhn_poker(),seed=1)",
    "cached_tree": "cached_tree(game=kuhn_poker())",
    "coop_to_1p": "coop_to_1p(game=tiny_hanabi())",
    "efg_game": "efg_game(filename=poker.efg)",
    "misere": "misere(game=tic_tac_toe())",
    "nfg_game": "nfg_game(filename=dilemma.nfg)",
    "normal_form_extensive_game": "normal_form_extensive_game(game=kuhn_poker())",
    "repeated_game": "repeated_game(num_repetitions=10,stage_game=matrix_pd())",
    "repeated_poker": "repeated_poker(max_num_hands=3,reset_stacks=False,rotate_dealer=True,"
    "universal_poker_game_string=universal_poker(betting=nolimit,blind=10 20,firstPlayer=1 1,numBoardCards=0 1,"
    "numHoleCards=1,numPlayers=2,numRanks=3,numRounds=2,numSuits=4,stack=1000 1000))",
    "restricted_nash_response": "restricted_nash_response(fixed_player=0,game=kuhn_poker(),p=0.5)",
    "start_at": "start_at(game=tic_tac_toe(),history=0;4)",
    "turn_based_simultaneous_game": "turn_based_simultaneous_game(game=goofspiel(num_cards=4))",
    "zerosum": "zerosum(game=tic_tac_toe())",
}
"""How those games are asked for that are none without parameters."""

FROM_FILES = ("efg_game", "nfg_game")
"""Games that are in a file of their operator's."""

_WITHOUT_PARAMETERS = """
2048 amazons antichess backgammon banqi bargaining battleship blackjack blotto breakthrough bridge capture_the_flag
catch checkers chess chinese_checkers cliff_walking clobber coin_game colored_trails connect_four coop_box_pushing
coordinated_mp crazy_eights crazyhouse cribbage cursor_go dark_chess dark_hex dark_hex_ir deep_sea dots_and_boxes
dou_dizhu einstein_wurfelt_nicht euchre first_sealed_auction gin_rummy go go_fish gomoku goofspiel hanabi havannah
hearts hex hive kriegspiel kuhn_poker laser_tag latent_ttt leduc_poker lewis_signaling liars_dice liars_dice_ir
lines_of_action maedn mancala markov_soccer matching_pennies_3p matrix_bos matrix_brps matrix_cd matrix_coordination
matrix_mp matrix_pd matrix_rps matrix_rpsw matrix_sh matrix_shapleys_game mnk morpion_solitaire negotiation nim
nine_mens_morris oh_hell oshi_zumo othello oware pathfinding pentago phantom_go phantom_ttt phantom_ttt_ir pig quoridor
rbc repeated_leduc_poker sheriff shogi skat snake social_deduction solitaire spades stones_and_gems tarok tic_tac_toe
tiny_bridge_2p tiny_bridge_4p tiny_hanabi trade_comm twixt ultimate_tic_tac_toe universal_poker xiangqi y yacht
"""

SERVED = tuple(sorted([*_WITHOUT_PARAMETERS.split(), *(EXAMPLES[name] for name in EXAMPLES if name not in FROM_FILES)]))
"""The games that were played to the end for the list in docs/openspiel.md, as `pyspiel.load_game` takes them; and those
from files beside them."""
