"""People by their taste, and films by their companions, all written down before any result was seen."""

FOCUSED = {
    "Documentary": ["Bowling for Columbine", "Super Size Me", "Grizzly Man", "Hoop Dreams", "Man on Wire"],
    "Film-Noir": [
        "Double Indemnity",
        "The Maltese Falcon (1941)",
        "The Big Sleep (1946)",
        "Laura",
        "Touch of Evil",
    ],
    "Western": ["Unforgiven", "High Noon", "The Searchers", "Once Upon a Time in the West", "Tombstone"],
    "Horror": [
        "Halloween (1978)",
        "A Nightmare on Elm Street (1984)",
        "The Exorcist",
        "Scream (1996)",
        "Hellraiser",
    ],
    "Musical": [
        "Singin' in the Rain",
        "West Side Story",
        "The Sound of Music",
        "My Fair Lady",
        "Chicago (2002)",
    ],
    "War": ["Saving Private Ryan", "Platoon", "Full Metal Jacket", "Das Boot", "Paths of Glory"],
    "Animation": ["Toy Story", "Finding Nemo", "The Lion King", "Monsters, Inc.", "Aladdin (1992)"],
    "Romance": [
        "Notting Hill",
        "You've Got Mail",
        "When Harry Met Sally...",
        "Pretty Woman",
        "Sleepless in Seattle",
    ],
    "Sci-Fi": ["Alien", "Blade Runner", "The Terminator", "Total Recall (1990)", "RoboCop (1987)"],
}
"""Five films that somebody likes who came for one genre."""

MIXED = {
    "a bit of everything": ["Toy Story", "Heat", "Amelie", "Alien", "Bridget Jones's Diary"],
    "a family with teenagers": ["The Princess Bride", "Jurassic Park", "Mean Girls", "The Matrix", "Babe"],
    "whatever wins prizes": ["Gladiator", "The King's Speech", "American Beauty", "Rain Man", "Amadeus"],
    "a critic": ["Citizen Kane", "Pulp Fiction", "Spirited Away", "Annie Hall", "The Thing (1982)"],
    "laughs and tears": ["Airplane!", "Schindler's List", "Groundhog Day", "Titanic (1997)", "Die Hard"],
    "a student": ["Fight Club", "Lost in Translation", "Shaun of the Dead", "City of God", "Ratatouille"],
}
"""Films that people like who came for no genre."""

NICHE = {
    "slow cinema": ["Stalker", "Tokyo Story", "Wings of Desire", "Andrei Rublev"],
    "French new wave": ["The 400 Blows", "Breathless (1960)", "Jules and Jim", "Band of Outsiders"],
    "noir of the forties": ["Out of the Past", "The Killers (1946)", "Gilda", "Key Largo"],
    "activist documentaries": ["The Corporation", "Blackfish", "Food, Inc.", "The Cove"],
    "silent films": ["Metropolis (1927)", "The General (1926)", "Nosferatu (1922)", "City Lights"],
    "samurai": ["Seven Samurai", "Yojimbo", "Rashomon", "Harakiri"],
    "Studio Ghibli": [
        "My Neighbor Totoro",
        "Princess Mononoke",
        "Kiki's Delivery Service",
        "Grave of the Fireflies",
    ],
    "Korean revenge": ["Oldboy (2003)", "Lady Vengeance", "I Saw the Devil", "Memories of Murder"],
    "screwball comedies": ["Bringing Up Baby", "His Girl Friday", "The Philadelphia Story", "The Lady Eve"],
    "Hong Kong action": ["Hard Boiled", "Drunken Master", "Police Story", "The Killer (1989)"],
    "zombies and gore": ["Dawn of the Dead (1978)", "Dead Alive", "Re-Animator", "Suspiria (1977)"],
    "Bergman": ["Persona", "The Seventh Seal", "Wild Strawberries", "Cries and Whispers"],
    "British social realism": ["Secrets & Lies", "Vera Drake", "Naked (1993)", "Trainspotting"],
    "exploitation": ["Faster, Pussycat! Kill! Kill!", "Pink Flamingos", "Foxy Brown", "Death Proof"],
    "musicals of the thirties": ["Top Hat", "42nd Street", "The Wizard of Oz", "Swing Time"],
}
"""Four films that somebody likes whose taste is rare."""

PEOPLE = {**FOCUSED, **MIXED, **NICHE}

COMPANIONS = {
    "Spirited Away": [
        "My Neighbor Totoro",
        "Princess Mononoke",
        "Howl's Moving Castle",
        "Kiki's Delivery Service",
    ],
    "Toy Story": ["Toy Story 2", "Toy Story 3", "A Bug's Life", "Monsters, Inc."],
    "The Godfather": ["The Godfather: Part II", "Goodfellas", "The Godfather: Part III", "Casino"],
    "Alien": ["Aliens", "Blade Runner", "The Thing (1982)", "The Terminator"],
    "The Dark Knight": ["Batman Begins", "The Dark Knight Rises", "Inception", "Iron Man"],
    "Amelie": ["Run Lola Run", "City of God", "Delicatessen", "The City of Lost Children"],
    "Pulp Fiction": ["Reservoir Dogs", "Kill Bill: Vol. 1", "Jackie Brown", "Fargo"],
    "Notting Hill": ["Four Weddings and a Funeral", "You've Got Mail", "Love Actually", "Runaway Bride"],
    "Stalker": ["Solaris (1972)", "Andrei Rublev", "Persona", "The Seventh Seal"],
    "The Shining": ["Psycho (1960)", "The Exorcist", "Rosemary's Baby", "A Clockwork Orange"],
    "Casablanca": ["The Maltese Falcon (1941)", "The Third Man", "Citizen Kane", "The African Queen"],
    "Bowling for Columbine": ["Fahrenheit 9/11", "Super Size Me", "Roger & Me", "Sicko"],
    "Star Wars": ["The Empire Strikes Back", "Return of the Jedi", "Raiders of the Lost Ark", "Alien"],
    "The Matrix": ["The Matrix Reloaded", "The Matrix Revolutions", "Fight Club", "Minority Report"],
    "Harry Potter and the Sorcerer's Stone": [
        "Harry Potter and the Chamber of Secrets",
        "Harry Potter and the Goblet of Fire",
        "Harry Potter and the Prisoner of Azkaban",
        "Harry Potter and the Order of the Phoenix",
    ],
    "Seven Samurai": ["Yojimbo", "Rashomon", "Ran", "The Seventh Seal"],
    "Halloween (1978)": [
        "A Nightmare on Elm Street (1984)",
        "Friday the 13th (1980)",
        "Scream (1996)",
        "Carrie (1976)",
    ],
    "Airplane!": ["The Naked Gun", "Hot Shots!", "Blazing Saddles", "Top Secret!"],
    "The Lion King": ["Aladdin (1992)", "Beauty and the Beast (1991)", "The Little Mermaid", "Pocahontas"],
    "Shaun of the Dead": ["Hot Fuzz", "Zombieland", "28 Days Later", "The World's End"],
}
"""Films of which anybody would expect at least one among the eight most similar."""
