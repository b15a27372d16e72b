"""The words around an amount: bounds, units, currencies, and what joins two amounts."""

from __future__ import annotations

import re
from typing import Final

# A day, not the beginning of a name: "500以内天安门附近".
_DAY: Final = r"天(?!安门|坛|河|津|府|桥)"
PRE: Final = re.compile(
    r"(?:(?P<max><=|≤|不(?:能|可以|要|得)?(?:超过|超|高于|大于|多于|过)|不能?过|别超过|别超|甭超过|别高于|别过|不高过|(?:最多|至多|顶多|最高)(?!的)|上限(?:是|为)?|封顶|控制在|压在|压到|压在|撑死|"
    r"no more than|not more than|not exceeding|not exceed|not over|not above|at most|up to|maximum(?: of)?|max(?: of)?|"
    r"within|no higher than|capped at|cap of|cap at|limit of|tops out at|top out at|go up to|doesn't exceed|don't exceed|can't exceed|cannot exceed|nothing fancier than|nothing over|nothing above|keep it under|budget(?: is| of| around| about)?|预算(?:在|是|只有|就|也就|大概|大约|差不多)?|"
    r"no pricier than|nothing pricier than|nothing more than|at or below|at or under|only have|only got|i have|spend(?: up to)?|afford)"
    r"|(?P<less><|不到|不足|低于|少于|小于|未满|不满|低过|under|below|less than|cheaper than|lower than|fewer than|beneath|south of|worse than)"
    r"|(?P<more>>(?!=)|高于|大于|超过|多于|高过|超出|over|above|more than|higher than|greater than|better than|north of|exceeding|exceeds)"
    r"|(?P<min>>=|≥|不(?:能|可以|要|得)?(?:低于|少于|小于)|别低于|甭低于|别少于|至少(?:要|得|有|是|在)?|最少(?!的)|最低(?!的)(?:是|要|得)?|起码(?:要|得|有)?|不低过|保底|起价|从|at least|no less than|not less than|not below|not under|no lower than|not lower than|minimum(?: of| is)?|min(?: of)?|starting (?:at|from)|starts? (?:at|from)|from|nothing below|nothing under|nothing less than|upwards of)"
    r"|(?P<about>大概|大约|约|差不多|接近|靠近|around|about|approximately|roughly|some|circa|closer? to|nearer? to))"
    r"(?:在|是|为|到|于|要|得|的|有|\s+an?)?\s*$"
)
POST: Final = re.compile(
    r"\s*(?:(?P<max>(?:块钱|块|元)?(?:以内|之内|以里|里头|内|封顶|顶天|为限|打住|到顶|是上限|上限|为上限|是极限|最多了|就到头|为止|is (?:my|our|the) (?:limit|max|maximum|ceiling|cap)|or less|or under|or below|or lower|or cheaper|or fewer|and under|and below|and less|max(?:imum)?|tops|at most|at the most|is the most|ceiling|以下|之下|及以下|及以内|往下))"
    r"|(?P<min>(?:及|或者?|和)?(?:以上|之上)|(?:或|及)更[高多]|(?:分|块|元)?(?:往上|朝上|起步|开外|开始)|起(?![来床飞])|or (?:higher|above|more|better|up|over|greater)|and (?:up|above|over|higher|better|more)|upwards|plus|\+|at (?:the )?(?:least|minimum)|min(?:imum)?\b|打底)"
    r"|(?P<just>出头|冒头|挂零|多点|多一点|多一些|and change|-odd)"
    r"|(?P<about>左右|上下|前后|样子|or so|or thereabouts|ish)"
    r"|(?P<more>(?<=\d)(?:元|块钱|块)?(?:还|要|更)?贵(?=的|些|点|$))"
    r"|(?P<less>都?不到|(?<=\d)(?:元|块钱|块)?(?:还|要|更)?(?:便宜|低)(?=的|些|点|$)))"
)
UNIT: Final = re.compile(
    r"\s*(?:-|个)?(?:(?P<note>张?(?:红票子|大钞|毛爷爷|张毛爷爷))"
    r"|(?P<price>元|块钱|块|蚊|大洋|人民币|圆|刀|美[元金刀]|欧元|英镑|日[元圆]|港[币元]|yuans?|rmb|cny|kuai|pounds?|gbp|£|dollars?|usd|bucks?|euros?|quid|yen|hkd)"
    r"|(?P<distance>公里|千米|km|kms|kilomet(?:er|re)s?|里地|miles?|米|m(?:et(?:er|re)s?)?(?![a-z])|里(?![面头边]))"
    r"|(?P<star>星级|钻级|钻(?!石)|颗星|颗|星(?!期)|[- ]?stars?|-?starred|\*)"
    r"|(?P<rating>分(?!店|钟|之|别|公司|数)|points?|/5|out of (?:5|five))"
    r"|(?P<reviews>条(?:评论|点评|评价)|reviews)"
    r"|(?P<count>家(?!人|里|庭|属)|间|个(?:酒店|宾馆|选择|选项|就)|所|hotels?|places|options|choices|of them|of tehm|results|recommendations|suggestions|处)"
    rf"|(?P<stay>晚|夜|宿|{_DAY}|日(?!本|式|料)|nights?|days?|people|persons?|guests?|adults?|人(?!民|气)|位(?!置|于)|口(?!碑)|岁|月|号|点钟|点半|点(?!评)|小时|分钟|钟头|hours?|minutes?|mins?|hrs?|am|pm|[ap]\.m\.|o'clock|周|星期|week|weeks|months?|years?|%|折|楼|层|号线|路|kids|children|tickets|张|次|趟|遍|个(?:行李|人|孩子|小时|娃|月)|年|届|strokes|laps|页|pages?|page|suitcases|bags|parking|rooms?|beds?|meetings|star-hotel))"
)
# "top 3 rated hotels": how many, not how good.
RANKED: Final = re.compile(r"\b(?:top|best|first)\s+$")
CURRENCY_BEFORE: Final = re.compile(r"(?:(?:us|hk)?\$|[¥￥£€]|rmb|cny|usd|gbp|eur|hkd)\s*$")
JOIN: Final = re.compile(
    r"\s*(?:元|块钱|块|分|星级|星|公里|yuan|rmb|pounds|points|stars?|km)?\s*(?:到|至|-|~|—|－|、|和|与|to|and|or|或|—)\s*(?:between )?[¥￥£$]?\s*"
)
# "300上下浮动50", "500 give or take 50", "1000以内，可以上浮200".
GIVE_OR_TAKE: Final = re.compile(
    r"\s*(?:元|块钱|块|分|yuan|rmb|pounds|points)?\s*(?:左右|上下|以内|之内|以下)?[,，]?\s*"
    r"(?:(?:可以?|允许|能|最多|再)*(?P<up>上浮|超出|多出)(?:个|不超过|最多)*"
    r"|(?:可以|允许|能|上下|左右|正负|有|的)*(?:浮动|波动|相差|误差)(?:不要?超过|不超|最多|在|个)*"
    r"|give or take|plus or minus|plus/minus|±|\+/-|\+-)\s*[¥￥£$]?\s*"
)
PER_NIGHT: Final = re.compile(
    rf"\s*(?:/|每|一)?\s*(?:晚上?|夜|宿|{_DAY}|per night|a night|/night|nightly|each night|per room)"
)
# "最低价格是1000元": the lowest price of a room is 1000, so prices start there.
LOWEST: Final = re.compile(
    r"(?:最低价格?|最低房价|起步价|(?:minimum|lowest|min) (?:room )?(?:price|rate)(?: of| is)?)"
    r"(?:在|是|为|要|大概|大约|得|需要|should be|that is)?\s*$"
)
